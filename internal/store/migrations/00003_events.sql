-- What people decide about a project of annotation, and what is asked, answered and measured in it: an append-only table.
-- id is SHA-256 over all other columns, so rows of two workspaces unite. at is microseconds since 1970 (UTC), frame -1 where
-- no frame is meant. body is JSON.

-- +goose Up
CREATE TABLE events (
    id     BLOB    NOT NULL PRIMARY KEY,
    kind   TEXT    NOT NULL,
    study  TEXT    NOT NULL,
    frame  INTEGER NOT NULL,
    reader TEXT    NOT NULL,
    at     BIGINT  NOT NULL,
    body   BLOB    NOT NULL
);
CREATE INDEX events_kind ON events (kind, at);
CREATE INDEX events_at ON events (at);

-- Files that belong to a project: a guideline's pictures. hash is SHA-256 of data.
CREATE TABLE blobs (
    hash BLOB NOT NULL PRIMARY KEY,
    data BLOB NOT NULL
);

-- +goose Down
DROP TABLE blobs;
DROP TABLE events;
