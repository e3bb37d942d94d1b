// Package asteriskconf applies configuration to a running Asterisk and
// verifies that it is live.
//
// [ConfigDir] is the configuration folder of one Asterisk. This module owns a
// few whole files in it. A [Source] renders such a file. [ConfigDir.Plan]
// shows the changes, [ConfigDir.Apply] makes them live, [ConfigDir.Rollback]
// returns to the previous generation, and [ConfigDir.Recover] repairs the
// folder after a crash.
//
// Apply reads back what it wrote and has Asterisk parse each file before the
// file takes effect. It replaces all files at once under a journal, reloads
// only the modules whose files changed, and then asks the running Asterisk
// what it serves. On any difference it rolls back.
//
// The package does not edit other configuration files. Only
// [ConfigDir.Install] changes a file that belongs to Asterisk or to a person,
// by one include line that it shows first. The package does not know accounts
// or phones: a Source decides what a file holds and how to verify it.
//
// Package asteriskconf/dialect reads and writes the files.
package asteriskconf
