// The completion script for bash.
//
// Readline cuts words at the characters of COMP_WORDBREAKS, '=' and ':' among them; digests, kinds of TARGET and
// --OPTION=VALUE hold those. So the script takes the word from the line itself, and hands back what is behind the cut.
#include "cli/completion.h"

static void write_answer(struct buf *out, struct completion c)
{
    switch (c.kind) {
    case COMPLETE_WORDS:
        buf_addf(out, "words='%s'", c.words);
        break;
    case COMPLETE_TARGETS:
        buf_adds(out, "words='" COMPLETION_KINDS "' files=-f");
        break;
    case COMPLETE_FILES:
        buf_adds(out, "files=-f");
        break;
    case COMPLETE_FOLDERS:
        buf_adds(out, "files=-d");
        break;
    case COMPLETE_IMAGES:
        // Digests alone: further names stand in lines of their own, and compgen would run what is written in them.
        buf_adds(out,
                 "words=$(\"${COMP_WORDS[0]}\" images 2>/dev/null | awk '$1 ~ /^sha[0-9]+:[0-9a-f]+$/ {print $1}')");
        break;
    case COMPLETE_NOTHING:
        buf_addc(out, ':');
    }
}

static void write_values(struct buf *out, const struct command *command, const struct option_spec *options,
                         const struct completion_words *words)
{
    for (const struct option_spec *o = options; o != NULL && o->name != NULL; o++) {
        if (o->value == NULL)
            continue;
        buf_addf(out, "        %s:--%s", command->name, o->name);
        if (o->letter != '\0')
            buf_addf(out, "|%s:-%c", command->name, o->letter);
        buf_adds(out, ") ");
        write_answer(out, completion_of_option(o, words));
        buf_adds(out, " ;;\n");
    }
}

static void write_command(struct buf *out, const struct command *command, const struct completion_words *words)
{
    const struct option_spec *const tables[] = {command->options, common_options};
    buf_addf(out, "            %s:-*) words='", command->name);
    for (size_t t = 0; t < 2; t++)
        for (const struct option_spec *o = tables[t]; o != NULL && o->name != NULL; o++)
            buf_addf(out, "%s--%s", out->p[out->n - 1] == '\'' ? "" : " ", o->name);
    buf_addf(out, "' ;;\n            %s:*) if [ \"$at\" -eq 2 ]; then ", command->name);
    write_answer(out, completion_of_first(command, words));
    buf_adds(out, "; else ");
    write_answer(out, completion_of_others(command, words));
    buf_adds(out, "; fi ;;\n");
}

void completion_bash(const struct completion_words *words, struct buf *out)
{
    buf_addf(out,
             "# clarion completion for bash: source <(clarion completion bash)\n"
             "_clarion()\n{\n"
             "    local line=${COMP_LINE:0:COMP_POINT} words= files= given current before command at cut\n"
             "    read -r -a given <<<\"${line}.\" # the word that is being typed has a dot behind it\n"
             "    at=$((${#given[@]} - 1)) current=${given[at]%%.} before=${given[at-1]} command=${given[1]}\n"
             "    if [[ $current == --*=* ]]; then\n"
             "        before=${current%%%%=*} current=${current#*=}\n"
             "    fi\n"
             "    if [ \"$at\" -eq 1 ]; then\n"
             "        words='%s'\n"
             "    else\n"
             "        case $command:$before in\n",
             words->commands.p);
    for (size_t i = 0; commands[i] != NULL; i++) {
        write_values(out, commands[i], commands[i]->options, words);
        write_values(out, commands[i], common_options, words);
    }
    buf_adds(out, "        *)\n            case $command:$current in\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        write_command(out, commands[i], words);
    buf_adds(out, "            esac ;;\n        esac\n    fi\n"
                  "    case $current in\n"
                  "    docker-archive:*|oci:*|oci-archive:*|dir:*|sbom:*) cut=${current#*:} ;;\n"
                  "    *) cut=$current ;;\n"
                  "    esac\n"
                  "    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
                  "    if [ -n \"$files\" ]; then\n"
                  "        compopt -o filenames 2>/dev/null\n"
                  "        local IFS=$'\\n'\n"
                  "        COMPREPLY+=($(compgen \"$files\" -P \"${current%\"$cut\"}\" -- \"$cut\"))\n"
                  "    fi\n"
                  "    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace 2>/dev/null\n"
                  "    if [[ $COMP_WORDBREAKS == *:* && $current == *:* ]]; then\n"
                  "        COMPREPLY=(\"${COMPREPLY[@]#\"${current%\"${current##*:}\"}\"}\")\n"
                  "    fi\n"
                  "}\n"
                  "complete -F _clarion clarion\n");
}
