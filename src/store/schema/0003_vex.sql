-- VEX documents that every report obeys.

-- id: the document's own. issued: when it last changed, added: when it came here; seconds. document: its bytes.
CREATE TABLE vex_document (
    id TEXT PRIMARY KEY,
    format TEXT NOT NULL,
    author TEXT NOT NULL,
    version TEXT NOT NULL,
    issued INTEGER NOT NULL,
    added INTEGER NOT NULL,
    statements INTEGER NOT NULL,
    document BLOB NOT NULL
);
