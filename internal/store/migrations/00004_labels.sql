-- What readers call the labels of their masks, how these are shown and locked, and what they are painted over. A label is a
-- value of the reader's own masks; 0 stands for all of them. Of two rows for one field the later counts, else the greater.

-- +goose Up
CREATE TABLE labels (
    reader  TEXT    NOT NULL,
    label   INTEGER NOT NULL,
    field   TEXT    NOT NULL,
    content TEXT    NOT NULL,
    time    BIGINT  NOT NULL,
    PRIMARY KEY (reader, label, field)
);

-- +goose Down
DROP TABLE labels;
