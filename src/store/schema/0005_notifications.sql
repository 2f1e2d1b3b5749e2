-- What an update of a feed changed for the images that were known, and who is to be told.

-- The segment of each feed up to which notifications have been made.
CREATE TABLE notified (
    feed TEXT PRIMARY KEY,
    segment TEXT NOT NULL
);
CREATE INDEX notified_by_segment ON notified (segment);

-- uuid: what clients know it by. ref: the update's. updated, made: seconds. held_back: items that the filter or a limit
-- kept out. deleted: when a client was done with it, seconds; 0 not yet. items: 0 once they have been removed.
CREATE TABLE notification (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    feed TEXT NOT NULL,
    ref TEXT NOT NULL,
    updated INTEGER NOT NULL,
    made INTEGER NOT NULL,
    items INTEGER NOT NULL,
    images INTEGER NOT NULL,
    held_back INTEGER NOT NULL,
    deleted INTEGER NOT NULL
);

-- The images by their manifests, since an image that is indexed anew is another row.
CREATE TABLE notification_image (
    notification_id INTEGER NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    manifest BLOB NOT NULL,
    PRIMARY KEY (notification_id, number)
) WITHOUT ROWID;

-- content: the flaw in the package, as JSON.
CREATE TABLE notification_flaw (
    notification_id INTEGER NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (notification_id, number)
) WITHOUT ROWID;

-- layer: the position, in the image, of that which brought the package.
CREATE TABLE notification_item (
    notification_id INTEGER NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    image INTEGER NOT NULL,
    flaw INTEGER NOT NULL,
    reason INTEGER NOT NULL,
    layer INTEGER NOT NULL,
    PRIMARY KEY (notification_id, position)
) WITHOUT ROWID;

-- state: 0 to be delivered, 1 delivered, 2 given up. next: not to be tried before, seconds. error: of the last attempt.
CREATE TABLE delivery (
    notification_id INTEGER NOT NULL REFERENCES notification (id) ON DELETE CASCADE,
    target TEXT NOT NULL,
    state INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    error TEXT NOT NULL,
    PRIMARY KEY (notification_id, target)
) WITHOUT ROWID;
CREATE INDEX delivery_by_target ON delivery (target, state, notification_id);
