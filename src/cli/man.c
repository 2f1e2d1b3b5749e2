#include "cli/man.h"

#include "cli/roff.h"

static void write_options(struct buf *out, const struct option_spec *options)
{
    for (const struct option_spec *o = options; o != NULL && o->name != NULL; o++) {
        struct buf term BUF_AUTO = {0};
        if (o->letter != '\0')
            buf_addf(&term, "-%c, ", o->letter);
        buf_addf(&term, "--%s", o->name);
        roff_entry(out, buf_slice(&term), slice_str(o->value), o->help);
    }
}

static void write_words(struct buf *out, const char *title, const struct help_word *words)
{
    roff_section(out, title);
    for (const struct help_word *w = words; w->word != NULL; w++)
        roff_entry(out, slice_str(w->word), SLICE(""), w->text);
}

static void write_synopsis(struct buf *out, const char *command, const char *arguments)
{
    roff_section(out, "SYNOPSIS");
    roff_bold(out, slice_str("clarion"));
    buf_addc(out, ' ');
    if (command != NULL)
        roff_bold(out, slice_str(command));
    else
        buf_adds(out, "\\fICOMMAND\\fR");
    buf_adds(out, " [\\fIOPTION\\fR...]");
    if (arguments[0] != '\0') {
        buf_adds(out, " \\fI");
        roff_text(out, slice_str(arguments));
        buf_adds(out, "\\fR");
    }
    buf_addc(out, '\n');
}

void man_command(const struct command *command, struct buf *out)
{
    struct buf name BUF_AUTO = {0};
    buf_addf(&name, "clarion-%s", command->name);
    roff_page(out, name.p, '1', command->summary);
    write_synopsis(out, command->name, command->arguments);
    if (command->details != NULL) {
        roff_section(out, "DESCRIPTION");
        roff_details(out, command->details);
    }
    if (command->options != NULL) {
        roff_section(out, "OPTIONS");
        write_options(out, command->options);
    }
    roff_section(out, "COMMON OPTIONS");
    write_options(out, common_options);
    write_words(out, "EXIT STATUS", exit_words);
    roff_section(out, "SEE ALSO");
    roff_reference(out, "clarion", '1', true);
    roff_reference(out, "clarion.yaml", '5', false);
}

void man_overview(struct buf *out)
{
    roff_page(out, "clarion", '1', PROGRAM_SUMMARY);
    write_synopsis(out, NULL, "[ARGUMENT...]");
    roff_section(out, "COMMANDS");
    for (size_t i = 0; commands[i] != NULL; i++)
        roff_entry(out, slice_str(commands[i]->name), slice_str(commands[i]->arguments), commands[i]->summary);
    roff_section(out, "COMMON OPTIONS");
    write_options(out, common_options);
    write_words(out, "FIRST STEPS", first_steps);
    write_words(out, "EXIT STATUS", exit_words);
    write_words(out, "ENVIRONMENT", environment_words);
    roff_section(out, "SEE ALSO");
    for (size_t i = 0; commands[i] != NULL; i++) {
        struct buf name BUF_AUTO = {0};
        buf_addf(&name, "clarion-%s", commands[i]->name);
        roff_reference(out, name.p, '1', true);
    }
    roff_reference(out, "clarion.yaml", '5', false);
}
