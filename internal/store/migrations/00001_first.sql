-- The workspace's tables. Times are microseconds since 1970 (UTC). No table holds a patient's name.

-- +goose Up
CREATE TABLE readers (
    name  TEXT   NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL
);

-- Items are the instances that were opened, with where their files lay the last time.
CREATE TABLE items (
    id     TEXT    NOT NULL PRIMARY KEY,
    path   TEXT    NOT NULL,
    name   TEXT    NOT NULL,
    w      INTEGER NOT NULL,
    h      INTEGER NOT NULL,
    frames INTEGER NOT NULL
);

-- A study is what was opened together; its id is made from those of its items.
CREATE TABLE studies (
    id     TEXT   NOT NULL PRIMARY KEY,
    title  TEXT   NOT NULL,
    opened BIGINT NOT NULL
);

CREATE TABLE study_items (
    study TEXT    NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    item  TEXT    NOT NULL REFERENCES items (id),
    PRIMARY KEY (study, place)
);

-- Every edit, and who made it. (reader, item, frame, n) tells entries apart: a reader's rows are never another's, and an
-- entry that is appended again is not kept twice. crc is CRC-32C over all other columns but seq.
CREATE TABLE journal (
    seq    INTEGER NOT NULL PRIMARY KEY,
    reader TEXT    NOT NULL REFERENCES readers (name),
    item   TEXT    NOT NULL,
    frame  INTEGER NOT NULL,
    n      BIGINT  NOT NULL,
    time   BIGINT  NOT NULL,
    w      INTEGER NOT NULL,
    h      INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    origin INTEGER NOT NULL,
    model  TEXT    NOT NULL,
    status INTEGER NOT NULL,
    labels BLOB    NOT NULL,
    marks  BLOB    NOT NULL,
    crc    BIGINT  NOT NULL,
    UNIQUE (reader, item, frame, n)
);

-- What models said. Losing it costs model runs, no work.
CREATE TABLE predictions (
    item  TEXT    NOT NULL,
    frame INTEGER NOT NULL,
    model TEXT    NOT NULL,
    time  BIGINT  NOT NULL,
    data  BLOB    NOT NULL,
    PRIMARY KEY (item, frame, model)
);

-- Who did what and when. hash is SHA-256 over prev and the other columns, prev the hash of the row before.
CREATE TABLE audit (
    seq    INTEGER NOT NULL PRIMARY KEY,
    time   BIGINT  NOT NULL,
    reader TEXT    NOT NULL,
    action TEXT    NOT NULL,
    detail TEXT    NOT NULL,
    prev   BLOB    NOT NULL,
    hash   BLOB    NOT NULL
);

-- +goose Down
DROP TABLE audit;
DROP TABLE predictions;
DROP TABLE journal;
DROP TABLE study_items;
DROP TABLE studies;
DROP TABLE items;
DROP TABLE readers;
