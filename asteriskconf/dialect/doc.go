// Package dialect reads and writes Asterisk's configuration files.
//
// [Parse] and [ParseFile] read a file exactly as main/config.c of Asterisk
// does, and [Writer] writes one that Asterisk reads back unchanged. The rules
// differ from those of an INI file: they include templates, additions,
// includes, block comments, escapes and length limits.
//
// Whatever Asterisk rejects, drops or reads differently than its author may
// expect becomes a [Finding].
package dialect
