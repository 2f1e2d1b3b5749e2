-- What nodes that share a server hand on to each other through it. A store in a folder leaves these empty.

-- Segments that are there whole. given: when one was last, seconds.
CREATE TABLE segment (
    digest TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    given INTEGER NOT NULL
);
-- Their bytes, in pieces of one size but for the last, each compressed with zstd.
CREATE TABLE segment_chunk (
    segment TEXT NOT NULL,
    number INTEGER NOT NULL,
    packed BLOB NOT NULL,
    PRIMARY KEY (segment, number)
);
