package api

// fieldDocs say what the fields of a schema are.
type fieldDocs map[string]string

// schemaDocs are the texts of each schema. A record and the changes of one have
// the same fields.
var schemaDocs = map[string]fieldDocs{
	"Session": sessionDocs, "MadeSession": sessionDocs, "NewSession": newSessionDocs,
	"NewPassword": passwordDocs, "NewAdministratorPassword": passwordDocs,
	"Enrolment": enrollmentDocs, "NewCode": enrollmentDocs, "RecoveryCodes": enrollmentDocs,

	"Administrator": administratorDocs, "NewAdministrator": administratorDocs, "AdministratorChanges": administratorDocs,
	"Invitation": invitationDocs, "Explanation": explanationDocs, "Section": sectionDocs,

	"Manager": amiAccountDocs, "NewManager": amiAccountDocs, "ManagerChanges": amiAccountDocs, "NewSecret": amiAccountDocs,
	"EventFilter": eventFilterDocs, "EventFilterChange": eventFilterDocs,
	"Preset": presetDocs, "PrivilegeClass": classDocs, "Warning": warningDocs, "ProbeResult": probeDocs,

	"Status": statusDocs, "Plan": planDocs, "FilePlan": filePlanDocs, "SectionPlan": sectionPlanDocs, "LinePlan": linePlanDocs,
	"Run": runDocs, "Progress": progressDocs, "Report": reportDocs, "FileReport": fileReportDocs, "Recovery": recoveryDocs,

	"AuditEntry": entryDocs, "AuditActor": actorDocs, "AuditVerification": verificationDocs, "AuditFinding": auditFindingDocs,

	"User": userDocs, "NewUser": userDocs, "UserChanges": userDocs, "NewUserPassword": userDocs,
	"PersonLink": userLinkDocs, "Delivery": deliveryDocs, "MailPreview": mailPreviewDocs, "Permission": permissionDocs,
	"PermissionExplanation": permissionExplanationDocs, "Grant": grantDocs,
	"Token": tokenDocs, "NewToken": tokenDocs, "TokenChanges": tokenDocs,

	"Group": groupDocs, "NewGroup": groupDocs, "GroupChanges": groupDocs, "Member": memberDocs, "NewMembers": memberDocs,
	"GroupImpact": impactDocs, "MemberImpact": impactDocs, "PermissionChange": impactDocs,

	"Job": jobDocs, "WelcomeReport": welcomeReportDocs, "SyncReport": syncDocs, "SyncStep": syncDocs, "SyncProblem": syncDocs,
	"NewSync": syncDocs, "DirectoryState": directoryDocs, "Capabilities": directoryDocs,

	"NewVerification": verifyDocs, "NewAuthorization": verifyDocs, "NewPhoneAuthorization": verifyDocs,
	"Verified": verifyDocs, "VerifiedUser": verifyDocs,

	"Asterisk": connectionDocs, "Connection": connectionDocs, "Reference": referenceDocs,
}

var sessionDocs = fieldDocs{
	"administrator":       "Who is logged in.",
	"sections":            "What the administrator may see and change.",
	"expires_at":          "When the session ends at the latest.",
	"idle_seconds":        "After how many seconds without a request the session ends; 0 for never.",
	"token":               "Goes into the header Authorization, behind Bearer. It is shown this once.",
	"device":              "For this device to keep, and to send with the next login: whoever has it gets in while others guess at the account.",
	"recovery_codes_left": "How many recovery codes are left, when this login used one.",
}

var newSessionDocs = fieldDocs{
	"username": "The username, in any case.",
	"password": "The password.",
	"code":     "A code of the authenticator app, or a recovery code.",
	"device":   "What an earlier login gave to this device.",
}

var passwordDocs = fieldDocs{
	"current_password": "The password until now.",
	"password":         "The new password: 12 characters or more, not the username, and hard to guess.",
}

var enrollmentDocs = fieldDocs{
	"secret":         "To be typed into the authenticator app. It is shown this once.",
	"url":            "The same for apps that open links, or to draw a QR code of.",
	"code":           "The six digits that the authenticator app shows.",
	"recovery_codes": "Each works once, instead of a code of the app. They are shown this once.",
}

var administratorDocs = fieldDocs{
	"username":              "What the administrator logs in with: 2 to 64 letters of any script, digits, dots, dashes, underscores, plus and @. It is unique in any case, and never changes.",
	"password":              "12 characters or more, not the username, and hard to guess. Without one an invitation is made.",
	"display_name":          "For people; at most 200 characters.",
	"access":                "full for everything, or limited to what is listed; limited unless given.",
	"sections":              "The ids of what a limited administrator sees and changes, see GET /sections; none means nothing.",
	"extensions":            "The extensions of a limited administrator, such as 100-199,205; blank means all.",
	"dids":                  "The DIDs of a limited administrator, written as extensions are; blank means all.",
	"teams":                 "The teams of a limited administrator; none means all.",
	"disabled":              "Keeps the administrator from logging in, and ends all sessions at once.",
	"has_password":          "Whether there is a password; without one nobody can log in.",
	"has_second_factor":     "Whether a code of an authenticator app is asked for.",
	"invitation_expires_at": "When the link expires with which a password may be set; absent when there is none.",
	"created_at":            "When the administrator was made.",
	"updated_at":            "When the administrator was changed last.",
	"password_changed_at":   "When the password was set; absent when there was none yet.",
	"last_login_at":         "When the administrator logged in last; absent when never. The ETag does not change with it.",
	"invitation":            "The link with which the password is set, when there is none. It is shown this once.",
}

var invitationDocs = fieldDocs{ //nolint:gosec // texts about a credential, and none themselves
	"username":   "Whose password the link sets.",
	"token":      "What the link ends in; it works once.",
	"url":        "The link, to be given to that person and to nobody else.",
	"expires_at": "When it stops to work.",
}

var explanationDocs = fieldDocs{
	"allowed": "Whether it is allowed.",
	"code":    "full, listed, not_listed, unrestricted or disabled.",
	"reason":  "One sentence for people.",
}

var sectionDocs = fieldDocs{
	"id":          "What an administrator is given.",
	"name":        "For people.",
	"description": "What can be done there.",
}

var connectionDocs = fieldDocs{
	"conf_dir": "The configuration folder of Asterisk.",
	"address":  "Where AMI listens; empty when there is no Asterisk to talk to.",
	"user":     "The AMI account that the configuration is applied with.",
	"ok":       "Whether a login was tried and went well.",
	"version":  "What Asterisk says of itself.",
	"problem":  "What is wrong, and the way out.",
}

var referenceDocs = fieldDocs{
	"kind": "What refers to the record.",
	"key":  "Which one of those.",
}
