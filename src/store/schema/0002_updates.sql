-- Feeds, their upstream files, and what each update made.

-- error: of the last try, empty when it went well. tried: when the upstream was last asked. Seconds; 0 never.
CREATE TABLE feed (
    name TEXT PRIMARY KEY,
    tried INTEGER NOT NULL,
    error TEXT NOT NULL
);

-- One row for each segment that a feed got, as far as they are kept; the newest of a feed is in force. made: when the
-- segment was; checked: when the upstream last confirmed all of it, 0 never. note: what the feed noted for its next run
-- (feed.h).
CREATE TABLE update_operation (
    id INTEGER PRIMARY KEY,
    ref TEXT NOT NULL UNIQUE,
    feed TEXT NOT NULL,
    segment TEXT NOT NULL,
    records INTEGER NOT NULL,
    made INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX update_operation_by_feed ON update_operation (feed);
CREATE INDEX update_operation_by_segment ON update_operation (segment);

-- The upstream's files as they were when an update's segment was last confirmed. added: the records that were taken from
-- one, some of them perhaps word for word the same.
CREATE TABLE feed_file (
    id INTEGER PRIMARY KEY,
    update_id INTEGER NOT NULL REFERENCES update_operation (id) ON DELETE CASCADE,
    url TEXT NOT NULL,
    scope TEXT NOT NULL,
    etag TEXT NOT NULL,
    last_modified TEXT NOT NULL,
    error TEXT NOT NULL,
    checked INTEGER NOT NULL,
    parser INTEGER NOT NULL,
    added INTEGER NOT NULL,
    UNIQUE (update_id, url)
);
-- The records of a file that were left out, by the reason.
CREATE TABLE feed_file_left_out (
    file_id INTEGER NOT NULL REFERENCES feed_file (id) ON DELETE CASCADE,
    reason TEXT NOT NULL,
    records INTEGER NOT NULL,
    PRIMARY KEY (file_id, reason)
);

-- A generation is a set of update operations, one for each feed; the newest is in force.
CREATE TABLE generation (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    made INTEGER NOT NULL
);
CREATE TABLE generation_part (
    generation_id INTEGER NOT NULL REFERENCES generation (id) ON DELETE CASCADE,
    update_id INTEGER NOT NULL REFERENCES update_operation (id),
    PRIMARY KEY (generation_id, update_id)
);
CREATE INDEX generation_part_by_update ON generation_part (update_id);
