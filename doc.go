// Package pbxusers is the map of this module: the users of an Asterisk PBX as
// a Go library. It holds no code; import the packages that you need.
//
//   - manager keeps the accounts of the Asterisk Manager Interface (AMI), with
//     which integrations such as a CRM or a wallboard talk to Asterisk;
//     manager/ami is a client of that interface.
//   - asteriskconf brings configuration to a running Asterisk, and proves it
//     live: plan, apply, verify, roll back, recover.
//   - ampusers keeps the administrators, who log in to the pages and the API
//     of a product: what each may see and change, and how they prove to be
//     the one.
//   - userman keeps the directory of people: their extensions, groups and
//     permissions, how they log in to portals and other services, and their
//     mails. userman/apitoken has their API tokens, userman/smtpmailer sends the
//     mails, and userman/ldapdir lets people come from LDAP.
//   - store is the vocabulary that all share: refusals, secrets, transactions,
//     pages. store/audit is the trail of who did what, and store/credential
//     what somebody logs in with. store/sqlstore keeps
//     records in a database, store/memstore in memory, and store/storetest
//     proves a backend of your own.
//
// Three kinds of user are often mixed up. An AMI account (package manager) is
// for a program. An administrator (package ampusers) logs in to the pages of a
// product. A person of the directory (package userman) has extensions and a
// mailbox. None of them is another.
//
// The story of an AMI account, from the record to the running Asterisk, is
// the package example.
package pbxusers
