// requirements.txt: what pip is told to install; packages are those that are pinned to one version.
//
// Format: pip's "Requirements File Format" and PEP 440 ("==", "===") and PEP 508 (extras, markers).
#include "base/buf.h"
#include "scan/lock_file.h"

extern const struct scanner scanner_requirements;

static bool is_name_character(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
}

// The version of "== 1.2.3 ; marker --hash=…", which must be the only condition; empty when it is no pin.
static struct slice pinned_version(struct slice text)
{
    struct slice marker;
    slice_cut(text, ';', &text, &marker);
    text = slice_trim(text);
    size_t equals = 0;
    while (equals < text.n && text.p[equals] == '=')
        equals++;
    text = slice_trim(slice_from(text, equals));
    size_t n = 0;
    while (n < text.n && text.p[n] != ' ' && text.p[n] != '\t')
        n++;
    struct slice version = slice_of(text.p, n), rest = slice_trim(slice_from(text, n));
    bool one = equals == 2 || equals == 3, open = slice_find(version, ',') >= 0 || slice_find(version, '*') >= 0;
    bool more = rest.n != 0 && !slice_starts(rest, SLICE("--"));
    return one && !open && !more ? version : (struct slice){0};
}

static void take_requirement(struct lock_file *lock, struct slice text, size_t line)
{
    struct slice extras;
    size_t n = 0;
    while (n < text.n && is_name_character(text.p[n]))
        n++;
    struct slice name = slice_of(text.p, n), rest = slice_trim(slice_from(text, n));
    if (slice_starts(rest, SLICE("[")))
        slice_cut(rest, ']', &extras, &rest);
    struct slice version = pinned_version(rest);
    if (name.n != 0 && version.n != 0)
        lock_file_add(lock, name, version, line);
    else
        scan_skip(lock->out, lock->db->path, false,
                  "line %zu: \"%.*s\" is not pinned to one version (==), so it is not known which will be installed; "
                  "left out",
                  line, SLICE_ARG(text));
}

static void take_line(struct lock_file *lock, struct slice text, size_t line)
{
    static const struct slice files[] = {SLICE("-r"), SLICE("--requirement"), SLICE("-c"), SLICE("--constraint")};
    static const struct slice own[] = {SLICE("-e"), SLICE("--editable"), SLICE("./"), SLICE("../")};
    text = slice_trim(text);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (slice_starts(text, own[i]) || slice_eq(text, SLICE("."))) {
            lock->own++;
            return;
        }
    }
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (!slice_starts(text, files[i]))
            continue;
        scan_skip(lock->out, lock->db->path, false,
                  "line %zu: \"%.*s\" names another file, which is read only when it is called requirements*.txt", line,
                  SLICE_ARG(text));
        return;
    }
    if (text.n != 0 && text.p[0] != '-') // else an option, such as --index-url
        take_requirement(lock, text, line);
}

// A comment begins the line, or follows a blank.
static struct slice without_comment(struct slice line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
            return slice_of(line.p, i);
    return line;
}

static bool scan(const struct scan_file *file, struct scan_output *out, struct error *err)
{
    (void)err;
    struct lock_file lock = lock_file_begin(out, &scanner_requirements, file);
    if (lock.db == NULL)
        return true;
    struct slice line, rest = file->content;
    struct buf whole BUF_AUTO = {0}; // a line and those that continue it
    size_t first = 0;
    for (size_t number = 1; slice_next_line(&rest, &line); number++) {
        if (slice_ends(line, SLICE("\r")))
            line.n--;
        first = whole.n == 0 ? number : first;
        line = without_comment(line);
        bool continues = slice_ends(line, SLICE("\\"));
        buf_add(&whole, slice_of(line.p, line.n - continues));
        if (continues) {
            buf_addc(&whole, ' ');
            continue;
        }
        take_line(&lock, buf_slice(&whole), first);
        whole.n = 0;
    }
    take_line(&lock, buf_slice(&whole), first);
    lock_file_end(&lock);
    return true;
}

// Also those that stand beside it, such as requirements-prod.txt.
static bool wants(struct slice path, uint32_t mode, uint64_t size)
{
    (void)mode, (void)size;
    return slice_ends(path, SLICE(".txt")) && slice_starts(slice_basename(path), SLICE("requirements")) &&
           lock_file_is_own(path);
}

const struct scanner scanner_requirements = {
    .name = "requirements",
    .version = 1,
    .kind = "python",
    LOCK_FILE_SCANNER,
    .wants = wants,
    .scan = scan,
};
