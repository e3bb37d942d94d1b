// Package ampusers manages the administrators of a product's pages and API: their
// logins, their access to sections, extensions and DIDs, and the protection of the
// last full administrator.
//
// An administrator is not an AMI account (package manager), with which a program
// logs in to Asterisk, and not a user of the PBX (package userman), who has
// extensions and a mailbox. Administrators are never written to the configuration
// of Asterisk.
//
// # Authorization
//
// A new administrator is [Limited] without any access. [Full] must be set
// explicitly. [Administrator.Can], [Administrator.CanExtension],
// [Administrator.CanDID] and [Administrator.CanTeam] apply to reading and writing.
// [Administrator.Explain] gives the reason. Applying the configuration is a section
// of its own, [SectionApply]. With [Service.ForActor], administrators cannot read,
// create or change administrators with more rights, and cannot grant rights that
// they do not have.
//
// # The last Full administrator
//
// The last enabled Full administrator who has a password cannot be deleted, disabled
// or restricted. While no Full administrator has a password, this protects the last
// enabled one. The rule also holds for changes that run at the same time.
// [Service.RestoreAccess] restores access from the host. [Service.Bootstrap] creates
// the first administrator; there is no default password.
//
// # Passwords and sessions
//
// Passwords are hashed with argon2id. Hashes of other systems are accepted, and
// replaced at the next login. Password guessing is rate-limited by address and by
// username, without locking out a trusted device of the administrator. The caller
// stores sessions as a username and an [Administrator.SessionEpoch].
// [Service.Session] checks whether such a session is valid, and returns the current
// rights.
//
// # Audit log
//
// The audit log records every change, login and denial. Credentials never leave the
// service: they are in no record, error, log or audit entry. The audit log contains
// a keyed fingerprint of each whole record. With it, [audit.Log.Verify] finds changes
// made outside the program; see [Service.AuditSource].
package ampusers
