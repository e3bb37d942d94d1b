// Package userman manages the users of a PBX. Users have extensions, groups and
// permissions, receive mails, and log in to the portal and to other services.
//
// A user owns extensions, but is not an extension (package account/extension). A user
// is also not an administrator (package ampusers), and not an AMI account of a program
// (package manager). An administrator who also has a phone has a record in both
// packages. Each record has its own password.
//
// # Permissions
//
// Permissions are typed [permission.Permission] values. A product can add its own. The
// user's own value takes precedence. Otherwise the first group by priority and then
// name that has a value applies. Otherwise the default applies.
// [Service.EffectivePermissions] returns the effective values and explains them.
//
// # Logins
//
// The service stores passwords as argon2id hashes. Administrators set passwords, or
// users set them through links that work once: [Service.Invite],
// [Service.RequestReset]. Portals call [Service.Authenticate]. Services with their own
// login form, such as XMPP, call [Service.AuthenticateService]. Programs use API tokens
// (package userman/apitoken). No password is copied to a portal, a service or a
// program.
//
// # Callers
//
// A portal calls the methods for users. Before the login, the portal passes the text
// that the user typed ([Service.Authenticate], [Service.RequestReset]) or the token of
// a link ([Service.AcceptInvitation], [SoftphoneService.Activate]). After the login,
// the portal passes the user's ID, which never changes: [Service.Session],
// [Service.ChangePassword], [Service.BeginSecondFactor].
//
// Pages for administrators call the other methods with the username: [Service.Update],
// [Service.SetPassword], [Service.Invite], [Service.RemoveSecondFactor].
// [Service.Scoped] limits these methods to the scope of an administrator.
// [Service.Restore] and [Service.Purge] take the ID, because another user may have the
// username of a deleted user.
//
// Other services pass the text that the user typed ([Service.AuthenticateService],
// [Service.CanUseService]) or the extension of a phone ([Service.AuthorizePhone]). The
// package that creates and deletes extensions passes their numbers:
// [Service.PrepareExtensionUser], [Service.OnExtensionDeleted],
// [Service.RenumberExtensions].
//
// # Interfaces
//
// A [Mailer], such as package userman/smtpmailer, sends the mails. Users can come from
// a [Directory], such as LDAP (package userman/ldapdir). Package userman/extauth serves
// the logins of XMPP servers. [Dependents] are the records
// of other packages that belong to users.
package userman
