// The completion script for zsh.
#include "cli/completion.h"

// zsh quotes with '…'; the help texts are ours, but may hold quotes, brackets and colons.
static void add_text(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buf_adds(out, "'\\''");
        else if (*text == '[' || *text == ']' || *text == ':')
            buf_addf(out, "\\%c", *text);
        else
            buf_addc(out, *text);
    }
}

static void add_answer(struct buf *out, struct completion c)
{
    static const char *const actions[] = {
        [COMPLETE_NOTHING] = " ",
        [COMPLETE_FILES] = "_files",
        [COMPLETE_FOLDERS] = "_files -/",
        [COMPLETE_TARGETS] = "_clarion_targets",
        [COMPLETE_IMAGES] = "_clarion_images",
    };
    if (c.kind == COMPLETE_WORDS)
        buf_addf(out, "(%s)", c.words);
    else
        buf_adds(out, actions[c.kind]);
}

// `'--output=[help]:FILE:_files'`, and with a letter `'(-o --output)'{-o+,--output=}'[help]:FILE:_files'`.
static void write_option(struct buf *out, const struct option_spec *option, const struct completion_words *words)
{
    const char *takes = option->value != NULL ? "=" : "";
    if (option->letter != '\0')
        buf_addf(out, "            '(-%c --%s)'{-%c%s,--%s%s}'[", option->letter, option->name, option->letter,
                 option->value != NULL ? "+" : "", option->name, takes);
    else
        buf_addf(out, "            '--%s%s[", option->name, takes);
    add_text(out, option->help);
    buf_addc(out, ']');
    if (option->value != NULL) {
        buf_addf(out, ":%s:", option->name);
        add_answer(out, completion_of_option(option, words));
    }
    buf_adds(out, "' \\\n");
}

static void write_command(struct buf *out, const struct command *command, const struct completion_words *words)
{
    const struct option_spec *const tables[] = {command->options, common_options};
    buf_addf(out, "    %s)\n        _arguments -s \\\n", command->name);
    for (size_t t = 0; t < 2; t++)
        for (const struct option_spec *o = tables[t]; o != NULL && o->name != NULL; o++)
            write_option(out, o, words);
    buf_adds(out, "            '1:argument:");
    add_answer(out, completion_of_first(command, words));
    buf_adds(out, "' \\\n            '*:argument:");
    add_answer(out, completion_of_others(command, words));
    buf_adds(out, "' ;;\n");
}

void completion_zsh(const struct completion_words *words, struct buf *out)
{
    buf_adds(out, "#compdef clarion\n# clarion completion for zsh: put it into a folder of $fpath as _clarion\n"
                  "_clarion_targets() {\n"
                  "    compset -P '(docker-archive|oci|oci-archive|dir|sbom):' || compadd -S '' -- " COMPLETION_KINDS
                  "\n    _files\n}\n"
                  "_clarion_images() {\n"
                  "    local -a digests=(${(f)\"$(_call_program images clarion images 2>/dev/null)\"})\n"
                  "    digests=(${${(M)digests:#sha256:*}%% *})\n"
                  "    compadd -- $digests\n}\n"
                  "_clarion() {\n    local -a commands=(\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        buf_addf(out, "        '%s:", commands[i]->name);
        add_text(out, commands[i]->summary);
        buf_adds(out, "'\n");
    }
    buf_adds(out, "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
                  "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $command in\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        write_command(out, commands[i], words);
    buf_adds(out, "    esac\n}\n_clarion \"$@\"\n");
}
