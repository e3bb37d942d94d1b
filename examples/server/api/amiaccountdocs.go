package api

var amiAccountDocs = fieldDocs{
	"name":                 "What the integration logs in with: 1 to 79 letters, digits, dots, dashes and underscores. It is unique in any case, and never changes.",
	"secret":               "The password of the account, 12 to 200 bytes. A generated one is shown this once; one that was given is not shown.",
	"preset":               "Fills in read, write, write_timeout and event_filters; see GET /manager-presets.",
	"deny":                 "Addresses and ranges that may not log in.",
	"permit":               "Addresses and ranges that may log in all the same. With permit and no deny all others are denied; with neither any address may log in.",
	"named_acl":            "A list in acl.conf that an address must pass as well.",
	"read":                 "Classes of events that the account is told of; see GET /privilege-classes. all stands for every class.",
	"write":                "Classes of actions that the account may do; see GET /privilege-classes. all stands for every class.",
	"event_filters":        "Narrow the events of read further; without any, all are sent.",
	"display_connects":     "Logs each login and logoff of the account on the Asterisk console.",
	"allow_multiple_login": "Lets the account have several sessions at once; true unless given.",
	"write_timeout":        "How many milliseconds Asterisk waits for a slow reader before it hangs up: 100 to 600000; 0 for its default of 100.",
	"disabled":             "Keeps the account here, and takes it from Asterisk.",
	"note":                 "For people; at most 1000 characters.",
	"owner":                "Who answers for the account; at most 200 characters.",
	"created_at":           "When the account was made.",
	"updated_at":           "When the account was changed last.",
	"secret_changed_at":    "When the secret was set.",
	"warnings":             "What is allowed and probably not meant.",
}

var eventFilterDocs = fieldDocs{
	"action": "include or exclude.",
	"event":  "The exact name of the event, such as Newchannel; empty for any.",
	"header": "The header to look at, such as Channel; empty for the whole text of the event.",
	"method": "none, exact, starts_with, ends_with, contains or regex; none unless given.",
	"match":  "What to compare with; for regex an extended regular expression of POSIX.",
}

var presetDocs = fieldDocs{
	"name":          "The word to choose it by.",
	"description":   "The purpose and the access.",
	"read":          "The classes of events that it sets.",
	"write":         "The classes of actions that it sets.",
	"write_timeout": "The milliseconds that it sets.",
	"event_filters": "The filters that it sets.",
}

var classDocs = fieldDocs{
	"name":  "Its exact name in manager.conf.",
	"read":  "What an account sees that has it in read; empty when that does nothing.",
	"write": "What an account can do that has it in write; empty when that does nothing.",
}

var warningDocs = fieldDocs{
	"field":   "The field concerned.",
	"code":    "A short, stable word for programs.",
	"message": "What happens, and what to do.",
}

var probeDocs = fieldDocs{
	"outcome": "logged_in, wrong_secret, address_denied, unknown_account, already_logged_in, denied, unreachable or not_ami.",
	"message": "What it means, and what to do.",
}
