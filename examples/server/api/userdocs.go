package api

const permissionsText = "What is said of permissions, by their ids (see GET /permissions): true or false of a switch, a list of texts, or {\"extend\": [...]} for a list that adds to what whoever comes next says. "

var userDocs = fieldDocs{ //nolint:gosec // texts about a credential, and none themselves
	"id":                    "Never changes, and is not given to anybody else.",
	"username":              "What the person logs in with: 2 to 64 letters of any script, digits, dots, dashes, underscores, plus and @. It is unique in any case.",
	"password":              "12 characters or more, not the username, and hard to guess. Without one the person cannot log in until a link was opened.",
	"generate":              "Makes a password, which is shown this once under secret.",
	"secret":                "The password that was generated. It is shown this once.",
	"description":           "For the directory; at most 500 characters.",
	"title":                 "For the directory; at most 100 characters.",
	"company":               "For the directory; at most 100 characters.",
	"department":            "For the directory; at most 100 characters.",
	"first_name":            "At most 100 characters.",
	"last_name":             "At most 100 characters.",
	"display_name":          "How the person is called; first and last name stand in for an empty one. At most 200 characters.",
	"email":                 "Where mails go, such as links to set a password.",
	"other_emails":          "For the directory, in their order; at most 20.",
	"cell_phone":            "As people write it: digits, plus, blanks and ().-/*#.",
	"home_phone":            "As people write it: digits, plus, blanks and ().-/*#.",
	"work_phone":            "As people write it: digits, plus, blanks and ().-/*#.",
	"fax":                   "As people write it: digits, plus, blanks and ().-/*#.",
	"language":              "That of mails, such as de or zh-Hans; empty for that of the server.",
	"time_zone":             "Such as Europe/Berlin; empty for UTC.",
	"default_extension":     "The extension that is this person's: nobody else has the same one.",
	"linked_extensions":     "Further extensions of the person, in their order; several people may share one.",
	"groups":                "The names of the groups that the person is in. Of a new person all of them; without it the default groups.",
	"permissions":           permissionsText + "To change them null takes one back, and what is absent stays.",
	"disabled":              "Keeps the person from logging in anywhere, and ends all sessions at once.",
	"must_change_password":  "Lets the person do nothing but change the password after the next login.",
	"disable_tokens":        "Disables all API tokens of the person as well.",
	"directory":             "The directory that the person comes from; empty for people who are kept here.",
	"external_id":           "The key of the person in their directory, or in another system.",
	"picture":               "The version of the picture; empty when there is none.",
	"has_password":          "Whether there is a password that is kept here.",
	"password_elsewhere":    "Whether the person's directory keeps the password: it cannot be set here then.",
	"has_second_factor":     "Whether a code of an authenticator app is asked for.",
	"invitation_expires_at": "When the link expires with which a password may be set; absent when there is none.",
	"password_expires_at":   "When the password must be changed; absent when it need not.",
	"created_at":            "When the person was made.",
	"updated_at":            "When the person was changed last.",
	"password_changed_at":   "When the password was set; absent when there was none yet.",
	"last_login_at":         "When the person logged in last; absent when never. The ETag does not change with it.",
	"welcomed_at":           "When a welcome mail was delivered to the mail server; absent when never.",
	"missing_since":         "When a sync first missed the person in their directory; absent when it did not.",
	"deleted_at":            "When the person was deleted; absent of those who were not.",
}

var userLinkDocs = fieldDocs{ //nolint:gosec // texts about a credential, and none themselves
	"user_id":    "Whose link it is.",
	"username":   "Whose link it is.",
	"secret":     "What the link ends in; it works once.",
	"url":        "The link, to be given to that person and to nobody else.",
	"expires_at": "When it stops to work.",
}

var deliveryDocs = fieldDocs{
	"username":   "Who the mail is for.",
	"status":     "delivered to the mail server, no_address, not_configured, refused, failed or skipped.",
	"message":    "What it means, and what to do.",
	"expires_at": "When the link in the mail stops to work; absent when none was sent.",
}

var mailPreviewDocs = fieldDocs{
	"to":      "The primary email address of the person; empty when there is none.",
	"to_name": "How the person is called.",
	"subject": "The subject.",
	"text":    "The mail as plain text.",
	"html":    "The same for programs that show HTML; empty when there is no such form.",
}

var permissionDocs = fieldDocs{
	"id":       "The module, a dot and the key.",
	"kind":     "switch, extensions, numbers or names.",
	"default":  "What counts when nobody says anything.",
	"sentence": "What it permits.",
}

var permissionExplanationDocs = fieldDocs{
	"permission": "What is explained.",
	"on":         "Whether a switch is on.",
	"items":      "What a list holds; empty when all is set.",
	"all":        "Whether a list holds everything.",
	"sources":    "All who say something, in the order in which they count.",
	"sentence":   "The same for people.",
}

var grantDocs = fieldDocs{
	"origin": "user, group or default.",
	"group":  "The name of the group.",
	"value":  "What is said.",
	"counts": "Whether it is part of what counts; else somebody before had the last word.",
}

var tokenDocs = fieldDocs{
	"id":                "What a program shows with the key.",
	"user_id":           "Whose token it is.",
	"username":          "Whose token it is.",
	"key":               "What a program shows with the id. It is shown this once.",
	"description":       "For people: what uses it; at most 200 characters.",
	"disabled":          "Keeps the token from working.",
	"extensions":        "The extensions of the person that the token reaches, or all, which it is unless given.",
	"modules":           "The modules that the token reaches, or all, as a new one does.",
	"requests_per_hour": "How often the token may be used in an hour; -1 without a bound, 1000 unless given.",
	"addresses":         "The addresses and networks that the token may be used from; none means everywhere.",
	"expires_at":        "When the token stops to work; absent when never.",
	"created_at":        "When the token was made.",
	"updated_at":        "When the token was changed last.",
	"key_made_at":       "When the key was made.",
	"last_used_at":      "When the token was used last, to the minute; absent when never. The ETag does not change with it.",
}
