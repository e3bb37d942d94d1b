package app

import "github.com/pbxusers/pbxusers/ampusers"

// IDs of the sections.
const (
	SectionAdministrators = "administrators"
	SectionAMIAccounts    = "ami-accounts"
	SectionUsers          = "users"
	SectionGroups         = "groups"
	SectionVerify         = "verify"
	SectionAudit          = "audit"
	SectionSettings       = "settings"
)

// Sections returns the sections that administrators can be granted.
// [ampusers.SectionApply] is built in.
func Sections() []ampusers.Section {
	return []ampusers.Section{
		{ID: SectionAdministrators, Name: "Administrators", Description: "Create, change and delete administrators, with no more rights than one's own."},
		{ID: SectionAMIAccounts, Name: "AMI accounts", Description: "Create, change and delete the accounts with which programs log in to Asterisk."},
		{ID: SectionUsers, Name: "Users", Description: "Create, change and delete users, their passwords, emails and API tokens, within one's own extensions."},
		{ID: SectionGroups, Name: "Groups", Description: "Create, change and delete groups of users and their permissions."},
		{ID: SectionVerify, Name: "Verify", Description: "For services: verify the password, API token or phone of a user."},
		{ID: SectionAudit, Name: "Audit log", Description: "Read the audit log and verify its integrity."},
		{ID: SectionSettings, Name: "Settings", Description: "View the settings, and install into the configuration of Asterisk. Full administrators change them."},
	}
}
