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

-- What a node works on, so that no other one does the same. It is forgotten when the node says so, or does not say for
-- a while that it still does. until: seconds, of the database's clock.
CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    until INTEGER NOT NULL
);
