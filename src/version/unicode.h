// What the Unicode Character Database says of a character, where a version scheme asks for it: the versions of Java's
// world are texts of Unicode, not of ASCII.
#pragma once

#include <stdint.h>

// The character in lower case (Simple_Lowercase_Mapping); itself when there is none.
uint32_t unicode_lower(uint32_t code);

// The value of a decimal digit (General_Category Nd) below U+10000; -1 for every other character.
int unicode_digit(uint32_t code);
