package app

import "github.com/pbxusers/pbxusers/ampusers"

// Sections of the reference server.
const (
	SectionAdministrators = "administrators"
	SectionAMIAccounts    = "ami-accounts"
	SectionUsers          = "users"
	SectionGroups         = "groups"
	SectionVerify         = "verify"
	SectionAudit          = "audit"
	SectionSettings       = "settings"
)

// Sections are the parts of the reference server that administrators may be
// given; ampusers.SectionApply comes with the package.
func Sections() []ampusers.Section {
	return []ampusers.Section{
		{ID: SectionAdministrators, Name: "Administrators", Description: "Make, change and remove those who may log in here, with no more rights than one's own."},
		{ID: SectionAMIAccounts, Name: "AMI accounts", Description: "Make, change and remove the accounts with which programs talk to Asterisk."},
		{ID: SectionUsers, Name: "People", Description: "Make, change and remove people, their passwords, mails and API tokens, within one's own extensions."},
		{ID: SectionGroups, Name: "Groups", Description: "Make, change and remove groups of people, and what they permit."},
		{ID: SectionVerify, Name: "Verify", Description: "For services: ask whether a person's password, token or phone lets them in."},
		{ID: SectionAudit, Name: "Audit trail", Description: "Read who did what, when and from where, and verify that nobody tampered with it."},
		{ID: SectionSettings, Name: "Settings", Description: "See and test the connection to Asterisk, and install into its configuration."},
	}
}
