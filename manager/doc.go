// Package manager keeps the accounts of the Asterisk Manager Interface (AMI):
// the logins with which integrations, such as a CRM, a dialer or a wallboard,
// talk to Asterisk on TCP port 5038. It validates them, stores them, renders
// them into pbxusers_manager.conf, and proves on the running Asterisk that
// they are live ([ConfSource] is what package asteriskconf applies).
//
// An AMI account is not a person and opens no page: administrators of the GUI
// are package ampusers, the people who have extensions are package userman.
// The AMI protocol itself is package manager/ami.
//
// Rules of Asterisk that this package rests on are quoted with the file they
// stand in; all are those of Asterisk 22.
package manager
