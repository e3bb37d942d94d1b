// Package pbxusers is the overview of this module: the users of an Asterisk PBX as
// a Go library. It has no code; import the packages that you need.
//
//   - manager manages accounts of the Asterisk Manager Interface (AMI), with which
//     integrations such as a CRM or a wallboard talk to Asterisk. manager/ami is an
//     AMI client.
//   - asteriskconf applies configuration to a running Asterisk: plan, apply, verify,
//     roll back, recover.
//   - jobs runs applies, syncs and welcome mails in the background of a server.
//   - ampusers manages the administrators of a product's pages and API: their access,
//     logins and second factors. ampusers/websession keeps them logged in over HTTP.
//   - userman manages the users of the PBX: their extensions, groups and permissions,
//     their logins to portals and other services, and their mails.
//     userman/apitoken has their API tokens, userman/smtpmailer sends the mails,
//     userman/ldapdir reads users from LDAP, and userman/extauth serves the logins of
//     XMPP servers.
//   - account/extension manages the extensions of the PBX and their devices, and makes
//     them live in Asterisk.
//   - store has the shared types: domain errors, secrets, transactions, pages.
//     store/audit is the audit log, and store/credential has the data of
//     authentication. store/sqlstore stores records in a SQL database,
//     store/memstore in memory, and store/storetest tests a backend of your own.
//
// Three kinds of accounts are easily confused. An AMI account (package manager) is
// for a program. An administrator (package ampusers) logs in to the pages of a
// product. A user (package userman) has extensions and a mailbox.
//
// The package example follows an AMI account from the record to the running
// Asterisk.
package pbxusers
