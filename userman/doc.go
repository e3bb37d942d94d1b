// Package userman manages the users of a PBX: their extensions, groups, permissions and
// mails, and their logins to the portal and to other services.
//
// A user is not an administrator (package ampusers), not an AMI account of a program
// (package manager), and not an extension (package account/extension): a user owns
// extensions. A human who administers the product and has a phone has a record in both
// packages, with a password each.
//
// # Permissions
//
// A product extends the list of typed [permission.Permission] values. The value of a
// permission comes from the user, else from the groups in the order of priority and
// name, else from the default. [Service.EffectivePermissions] returns the effective
// values and explains them.
//
// # Logins
//
// Passwords are stored as argon2id hashes. Administrators set them, or users through
// links that work once: [Service.Invite], [Service.RequestReset]. Portals call
// [Service.Authenticate]. Services with their own login form, such as XMPP, call
// [Service.AuthenticateService]. Programs use API tokens, package userman/apitoken. The
// password is never copied to any of them.
//
// # Callers
//
// A portal calls the methods for users. Before the login it passes what the user typed
// ([Service.Authenticate], [Service.RequestReset]) or the token of a link
// ([Service.AcceptInvitation], [Service.ActivateSoftphone]). After the login it passes
// the ID, which a rename does not change: [Service.Session], [Service.ChangePassword],
// [Service.BeginSecondFactor].
//
// Pages for administrators call the other methods with the username: [Service.Update],
// [Service.SetPassword], [Service.Invite], [Service.RemoveSecondFactor].
// [Service.Scoped] limits them to the scope of an administrator. [Service.Restore] and
// [Service.Purge] take the ID, because the username of a deleted user is free for
// others.
//
// Other services pass what the user typed ([Service.AuthenticateService],
// [Service.CanUseService]) or the extension of a phone ([Service.AuthorizePhone]).
// The owner of extensions passes their numbers: [Service.PrepareExtensionUser],
// [Service.OnExtensionDeleted].
//
// # Interfaces
//
// Mails are sent through a [Mailer], such as package userman/smtpmailer. Users can come
// from a [Directory] such as LDAP, package userman/ldapdir. Records of other packages
// that belong to users are [Dependents].
package userman
