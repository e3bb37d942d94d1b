package api

var statusDocs = fieldDocs{
	"pending":       "Whether an apply has something to do.",
	"interrupted":   "Whether an apply was cut short: recover, or apply.",
	"generation":    "The generation that was last seen live; 0 when none was.",
	"live_at":       "When it was seen live; null when none was.",
	"can_roll_back": "Whether there is an earlier generation.",
}

var planDocs = fieldDocs{"files": "The files that would be written, reloaded or verified, in that order."}

var filePlanDocs = fieldDocs{
	"name":            "The name of the file.",
	"path":            "Where it is.",
	"module":          "The module that would be reloaded.",
	"sections":        "The sections that differ from what is on disk.",
	"manually_edited": "Whether the file was edited manually. The apply saves the edited file as a backup.",
	"unverified":      "Whether the file was written without Asterisk. The apply reloads and verifies it.",
}

var sectionPlanDocs = fieldDocs{
	"name":   "The name of the section.",
	"action": "add, modify or remove.",
	"lines":  "The lines that would come or go.",
}

var linePlanDocs = fieldDocs{
	"sign":  "+ for a line that would come, - for one that would go.",
	"key":   "What stands before the =.",
	"value": "What stands behind the =; masked for secrets.",
}

var runDocs = fieldDocs{
	"act":        "apply, rollback or recover.",
	"started_by": "The username of who began it.",
	"started_at": "When it began.",
	"steps":      "The steps begun so far.",
	"done":       "Whether it has ended.",
	"report":     "What an apply or a roll back did that went well.",
	"recovery":   "What a recovery did that went well.",
	"failure":    "Why it failed, how things stand, and what to do.",
}

var progressDocs = fieldDocs{
	"step": "connect, render, check, write, reload, verify, revoke, rollback or recover.",
	"file": "The current file; empty if the step concerns all files.",
}

var reportDocs = fieldDocs{
	"generation": "The generation that now stands; the one before when nothing was to be done.",
	"changed":    "Whether any file was written or any module reloaded.",
	"verified":   "Whether the running Asterisk was seen to serve it.",
	"files":      "What was done to each file, in the order of reloads.",
}

var fileReportDocs = fieldDocs{
	"name":            "The name of the file.",
	"path":            "Where it is.",
	"added":           "The number of added sections.",
	"modified":        "The number of modified sections.",
	"removed":         "The number of removed sections.",
	"reloaded_module": "The module reloaded for the file.",
	"backup_path":     "The backup of a manually edited file.",
	"notes":           "Ended uses, such as sessions of accounts with fewer rights.",
}

var recoveryDocs = fieldDocs{
	"interrupted":    "Whether an interrupted apply was found.",
	"rolled_forward": "Whether the new generation was completed. Otherwise the old one was restored.",
	"verified":       "Whether the running Asterisk was seen to serve it.",
	"reason":         "Why the new generation was not completed although all its files were in place.",
}

var entryDocs = fieldDocs{
	"sequence": "Counts the entries from 1, without a gap.",
	"at":       "When it was.",
	"actor":    "Who did it, and from where.",
	"action":   "What was done, such as create, update, delete, login or apply.",
	"kind":     "What kind of record it was done to.",
	"key":      "Which record of that kind.",
	"outcome":  "done, refused or failed.",
	"reason":   "Why it was not done: codes and names of fields.",
	"before":   "The record before; null when there was none.",
	"after":    "The record after; null when there was none.",
	"hash":     "Chains the entry to the one before.",
}

var actorDocs = fieldDocs{
	"kind":        "administrator, person, host, system or visitor.",
	"name":        "The username, of which each kind has its own; empty for a visitor.",
	"remote_addr": "The IP address of the actor; empty on the host itself.",
	"service":     "The service that asked for the actor without knowing the address; absent otherwise.",
}

var verificationDocs = fieldDocs{
	"entries":       "How many entries the trail has.",
	"records":       "How many records were compared with it.",
	"hash":          "That of the last entry.",
	"problems":      "What was changed behind the trail's back; at most 100 are listed.",
	"problem_count": "How many there are.",
}

var auditFindingDocs = fieldDocs{
	"sequence": "The entry concerned; absent when it is a record.",
	"kind":     "The kind of the record concerned; absent when it is an entry.",
	"key":      "The record concerned; absent when it is an entry.",
	"code":     "A short, stable word for programs.",
	"message":  "One sentence for people.",
}
