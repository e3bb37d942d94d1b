// Package asteriskconf brings configuration to a running Asterisk, and knows
// at the end that it is live.
//
// It has two halves. The first is Asterisk's configuration dialect:
// [Writer] writes it, [Parse] reads it, each exactly as main/config.c of
// Asterisk does, which is not how an INI library would. The second is
// [ConfigDir]: the configuration folder of one Asterisk, in which this module
// owns a few whole files. A [Source] renders such a file; the folder shows
// what would change ([ConfigDir.Plan]), makes it so ([ConfigDir.Apply]), goes back
// ([ConfigDir.Rollback]), and mends what a crash left ([ConfigDir.Recover]).
//
// Apply trusts nothing that it has not seen: it reads back what it wrote, has
// Asterisk parse the file before it takes effect, swaps all files at once
// under a journal, reloads only the modules whose files changed, and then
// asks the running Asterisk what it serves. Whatever does not match is undone.
//
// It is not an editor of configuration files. A file that a person or
// Asterisk itself owns is changed by [ConfigDir.Install] alone, by one include
// line, shown first. And it knows nothing of accounts or phones: what goes
// into a file, and how to see it live, is the business of the Source.
package asteriskconf
