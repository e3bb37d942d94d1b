package api

var groupDocs = fieldDocs{
	"name":        "Unique in any case, and never changes; at most 100 characters.",
	"description": "For people; at most 500 characters.",
	"priority":    "1 to 10000, 100 unless given: of the groups that say something about a permission the one with the least number counts.",
	"default":     "Puts new people into this group.",
	"permissions": permissionsText + "To change them null takes one back, and what is absent stays.",
	"directory":   "The directory that the group comes from; empty for one that is kept here.",
	"members":     "How many people are in it. The ETag does not change with it.",
	"created_at":  "When the group was made.",
	"updated_at":  "When the group was changed last.",
}

var memberDocs = fieldDocs{
	"username":          "What the person logs in with.",
	"name":              "How the person is called.",
	"default_extension": "The extension that is this person's.",
	"disabled":          "Whether the person is kept from logging in.",
	"usernames":         "Usernames, in any case.",
}

var impactDocs = fieldDocs{
	"items":      "The members, as far as they are told of, and what each would lose.",
	"total":      "How many members there are.",
	"username":   "The member.",
	"changes":    "The permissions that would be other ones; none when others say the same.",
	"permission": "The id of the permission.",
	"before":     "What counts now.",
	"after":      "What would count then.",
}

var jobDocs = fieldDocs{
	"kind":       "welcome or sync.",
	"directory":  "The directory that is synced.",
	"actor":      "The username of who began it.",
	"started_at": "When it began.",
	"ended_at":   "When it ended; absent while it is at work.",
	"done":       "How many people were seen to.",
	"total":      "How many there are; 0 when it is not known.",
	"problem":    "Why it failed as a whole, and what to do; empty when it did not.",
	"welcome":    "What came of the mails.",
	"sync":       "What the sync did, or would do.",
}

var welcomeReportDocs = fieldDocs{
	"counts":      "How many mails ended how.",
	"undelivered": "The first 1000 that were not delivered.",
	"left":        "How many nobody tried because it stopped early.",
}

var syncDocs = fieldDocs{
	"directory":   "The directory.",
	"dry_run":     "Plans, and changes nothing.",
	"seen":        "How many people the directory has.",
	"unchanged":   "How many of them needed nothing.",
	"steps":       "What was done, or would be, in that order.",
	"problems":    "Who could not be seen to.",
	"groups":      "The names of groups that were made.",
	"action":      "create, update, enable, disable or delete.",
	"external_id": "The key of the person in the directory.",
	"username":    "The person.",
	"fields":      "The names of the fields that change.",
	"message":     "Why, and what to do.",
}

var directoryDocs = fieldDocs{
	"name":         "The name of the directory.",
	"url":          "Where it is.",
	"base_dn":      "Where its people are.",
	"abilities":    "What it can do.",
	"people":       "How many people here are of it.",
	"authenticate": "Whether people log in with the password that they have there.",
	"groups":       "Whether it knows groups.",
	"sync":         "Whether its people are brought here.",
}

var verifyDocs = fieldDocs{
	"service":           "The service, such as xmpp: the part before .login of a permission.",
	"username":          "What the person typed, or of an answer the username.",
	"password":          "What the person typed.",
	"address":           "The IP address that the person, or the program, comes from, without a port.",
	"token":             "The id of the token.",
	"key":               "The key of the token.",
	"module":            "What is to be used.",
	"extension":         "The extension that it is about.",
	"user":              "Who was let in.",
	"id":                "Never changes.",
	"name":              "How the person is called.",
	"email":             "The primary email; may be empty.",
	"language":          "The language of the person; may be empty.",
	"time_zone":         "The time zone of the person; may be empty.",
	"default_extension": "The extension that is this person's; may be empty.",
	"linked_extensions": "Further extensions of the person.",
	"groups":            "The names of the groups that the person is in.",
}
