// rpm's database in SQLite, and the write-ahead log beside it.
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_scanner("rpm", "var/lib/rpm/rpmdb.sqlite", data, size);
    fuzz_scanner("rpm", "var/lib/rpm/rpmdb.sqlite-wal", data, size);
    return 0;
}
