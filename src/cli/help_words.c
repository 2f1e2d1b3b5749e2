// What --help and the manual say of the program as a whole.
#include "cli/command.h"

const struct help_word first_steps[] = {
    {"clarion update", "fetch the vulnerability feeds"},
    {"clarion scan docker-archive:F.tar", "scan what `docker save` wrote"},
    {0},
};

const struct help_word exit_words[] = {
    {"0", "fine"},
    {"1", "findings at or over --fail-on"},
    {"2", "wrong usage"},
    {"3", "failed or incomplete; standard error says what"},
    {0},
};

const struct help_word environment_words[] = {
    {"CLARION_DATA", "the data folder, unless --data names it"},
    {"CLARION_DB", "the database server, unless --db names it"},
    {"CLAIR_CONF, CLAIR_MODE", "the configuration and the mode of the service, unless -c and --mode name them"},
    {"XDG_DATA_HOME", "the data folder is in clarion there when nothing names it; else it is in ~/.local/share"},
    {"DOCKER_CONFIG", "the folder with Docker's config.json, whose credentials registries get; else ~/.docker"},
    {"http_proxy, https_proxy, all_proxy, no_proxy", "as other programs obey them"},
    {"NO_COLOR", "print no colours on a terminal"},
    {"TERM", "dumb: a terminal without colours and progress bars"},
    {"SOURCE_DATE_EPOCH", "the time that is now, in seconds since 1970: the same input gives the same bytes"},
    {0},
};
