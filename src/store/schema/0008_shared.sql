-- What nodes that share a server hand on to each other through it: no part of what is kept, so that a copy of a store
-- leaves these tables out, by their names. A store in a folder leaves them empty.

-- Segments. bytes: -1 as long as not all of its pieces are there. given: when one was last, seconds.
CREATE TABLE shared_segment (
    digest TEXT PRIMARY KEY,
    bytes INTEGER NOT NULL,
    given INTEGER NOT NULL
);
-- Their bytes, in pieces of one size but for the last, each compressed with zstd.
CREATE TABLE shared_segment_chunk (
    segment TEXT NOT NULL REFERENCES shared_segment (digest) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    packed BLOB NOT NULL,
    PRIMARY KEY (segment, number)
);

-- What a node works on, so that no other one does the same. It is forgotten when the node says so, or does not say for
-- a while that it still does. until: seconds, of the database's clock.
CREATE TABLE shared_lease (
    name TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    until INTEGER NOT NULL
);
