// Package mailqueue has the records of the mails to users, and the schedule of their
// attempts.
//
// A [Mail] is the last mail of a kind to a user. It contains no address, link or text.
// Each attempt creates them anew. [Mail.Begin] and [Mail.Finish] enclose an attempt. A
// mail that the mail server does not accept yet waits for another attempt, see [Delay].
// The package sends nothing; package userman does.
package mailqueue
