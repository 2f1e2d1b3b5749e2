"""Just enough of PostgreSQL's client library for tests, by its C interface: nothing of PyPI is wanted for it."""
import ctypes
import ctypes.util

BYTEA, INT8, TEXT = 17, 20, 25
WHOLE_NUMBERS = (20, 21, 23, 1700)  # the last is what a sum of the first is
COMMAND_OK, TUPLES_OK = 1, 2


def library():
    lib = ctypes.CDLL(ctypes.util.find_library("pq") or "libpq.so.5")
    pointer, number, text = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
    strings, numbers = ctypes.POINTER(ctypes.c_char_p), ctypes.POINTER(ctypes.c_int)
    for name, result, arguments in (
            ("PQconnectdb", pointer, [text]), ("PQfinish", None, [pointer]), ("PQstatus", number, [pointer]),
            ("PQerrorMessage", text, [pointer]), ("PQresultStatus", number, [pointer]), ("PQclear", None, [pointer]),
            ("PQexecParams", pointer, [pointer, text, number, ctypes.POINTER(ctypes.c_uint), strings, numbers, numbers, number]),
            ("PQntuples", number, [pointer]), ("PQnfields", number, [pointer]), ("PQftype", ctypes.c_uint, [pointer, number]),
            ("PQgetvalue", text, [pointer, number, number]), ("PQgetisnull", number, [pointer, number, number])):
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


class Connection:
    """One statement after another; an error is a RuntimeError."""

    lib = None

    def __init__(self, url):
        Connection.lib = Connection.lib or library()
        self.pg = self.lib.PQconnectdb(url.encode())
        if self.lib.PQstatus(self.pg) != 0:
            message = self.lib.PQerrorMessage(self.pg).decode()
            self.close()
            raise RuntimeError(message)

    def close(self):
        self.lib.PQfinish(self.pg)
        self.pg = None

    def ask(self, sql, *values):
        """Its rows; parameters are $1, $2, …: whole numbers, texts, bytes, None."""
        types = [INT8 if isinstance(v, int) else BYTEA if isinstance(v, bytes) else TEXT for v in values]
        texts = [None if v is None else b"\\x" + v.hex().encode() if isinstance(v, bytes) else str(v).encode() for v in values]
        n = len(values)
        result = self.lib.PQexecParams(self.pg, sql.encode(), n, (ctypes.c_uint * n)(*types), (ctypes.c_char_p * n)(*texts), None, None, 0)
        try:
            if self.lib.PQresultStatus(result) not in (COMMAND_OK, TUPLES_OK):
                raise RuntimeError("%s: %s" % (sql, self.lib.PQerrorMessage(self.pg).decode()))
            columns = range(self.lib.PQnfields(result))
            return [tuple(self.column(result, row, column) for column in columns) for row in range(self.lib.PQntuples(result))]
        finally:
            self.lib.PQclear(result)

    def column(self, result, row, column):
        if self.lib.PQgetisnull(result, row, column):
            return None
        kind, value = self.lib.PQftype(result, column), self.lib.PQgetvalue(result, row, column).decode()
        return int(value) if kind in WHOLE_NUMBERS else bytes.fromhex(value[2:]) if kind == BYTEA else value
