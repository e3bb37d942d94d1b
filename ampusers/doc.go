// Package ampusers keeps the administrators of a product's pages and API: who
// may log in, to which sections, extensions and DIDs, and how it is made sure
// that the last one who may do everything cannot be lost.
//
// An administrator is not an AMI account (package manager), with which a
// program talks to Asterisk, and not a person of the directory (package
// userman), who has an extension and a mailbox. It never reaches Asterisk.
//
// # Who may do what
//
// A new administrator is [Limited] with nothing; [Full] is given on purpose.
// [Administrator.Can], [Administrator.CanExtension], [Administrator.CanDID] and
// [Administrator.CanTeam] answer for reading and for writing alike, and
// [Administrator.Explain] says why. To apply the configuration is a section of
// its own, [SectionApply]. Nobody makes, reads or changes somebody who may do
// more, or gives what they have not: [Service.ForActor].
//
// # The last Full administrator
//
// The best way in that there is stays: an enabled Full administrator who has a
// password, or, before anybody has one, an enabled Full one. No delete,
// disable, demotion or narrowing takes it, and no two at the same instant.
// Where all is lost, [Service.RestoreAccess] opens the door from the host itself, and
// [Service.Bootstrap] opens it the first time; there is no default password.
//
// # Passwords and sessions
//
// Passwords are kept as argon2id; hashes of other systems are taken over, and
// replaced at the next login. Whoever guesses is slowed, by source and by name,
// while a device that has logged in before still gets in. A session is kept
// elsewhere, as the username and [Administrator.SessionEpoch]:
// [Service.Session] asks whether it still stands, and returns the rights of
// now.
//
// # The trail
//
// Every change, login and refusal is told to the audit trail. Credentials never
// leave the service, in no record, error, log or entry; the trail keeps a keyed
// fingerprint of the whole record, so that a change behind the program's back
// is found: [Service.AuditSource].
package ampusers
