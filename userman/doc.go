// Package userman keeps the directory of people of a PBX: who they are, which
// extensions are theirs, what they may do, and how they log in to the portal
// and to other services.
//
// A person is not an administrator of the product's pages (package ampusers),
// not an AMI account with which a program talks to Asterisk (package manager),
// and not an extension, a device that rings (package account/extension): a
// person owns extensions. Somebody who administers the product and has a
// telephone has one record here and one there, with a password each.
//
// # What people may do
//
// What can be permitted is a list of typed [permission.Permission]s, which a product
// extends with its own. A person, a group and the permission's default each may
// say something about it: what is said of the person goes first, then the
// groups by priority and name, then the default. [Service.EffectivePermissions] answers
// what comes of it, and why.
//
// # Logging in
//
// Passwords are kept as argon2id, set by hand or through links in mails that
// work once: [Service.Invite], [Service.RequestReset]. Portals use
// [Service.Authenticate], services with a login of their own, such as XMPP,
// [Service.AuthenticateService], and programs API tokens, package
// userman/apitoken. The password is never copied to any of them.
//
// # Who calls what
//
// A portal calls what people do by their own hand. Until they have logged in it
// takes what they typed ([Service.Authenticate], [Service.RequestReset]) or the
// token of a link ([Service.AcceptInvitation], [Service.ActivateSoftphone]),
// and then their ID, which a rename leaves alone: [Service.Session],
// [Service.ChangePassword], [Service.BeginSecondFactor].
//
// Pages for administrators call the rest, of people by username:
// [Service.Update], [Service.SetPassword], [Service.Invite],
// [Service.RemoveSecondFactor]; for those who reach some extensions only, on
// what [Service.Scoped] returns. The username of somebody deleted is free for
// others: [Service.Restore] and [Service.Purge] take the ID.
//
// Other services ask by what was typed ([Service.AuthenticateService], [Service.CanUseService])
// or by the extension of a telephone ([Service.AuthorizePhone]). Whoever keeps extensions gives their
// numbers: [Service.PrepareExtensionUser], [Service.OnExtensionDeleted].
//
// # Elsewhere
//
// Mails go out through a [Mailer]; package userman/smtpmailer is one. People
// may come from a [Directory] such as LDAP, package userman/ldapdir.
package userman
