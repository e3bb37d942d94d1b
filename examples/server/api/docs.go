package api

// fieldDocs describe the fields of a schema.
type fieldDocs map[string]string

// commonDocs describe fields with the same meaning in every schema.
var commonDocs = fieldDocs{
	"id":                    "The ID. It never changes.",
	"username":              "The username.",
	"user_id":               "The ID of the user.",
	"name":                  "The name.",
	"display_name":          "The name on pages and in mails.",
	"directory":             "The directory that the record comes from; empty for local records.",
	"default_extension":     "The default extension of the user; may be empty.",
	"has_password":          "Whether a password is set.",
	"has_second_factor":     "Whether logins need a code of an authenticator app.",
	"invitation_expires_at": "When the link that sets the password expires; absent when there is none.",
	"created_at":            "When the record was created.",
	"updated_at":            "When the record was last changed.",
	"password_changed_at":   "When the password was set; absent when it never was.",
	"last_login_at":         "When the last login was; absent when there was none. It does not change the ETag.",
	"expires_at":            "When it stops working.",
	"started_at":            "When it started.",
	"must_change_password":  "Requires a new password after the next login.",
	"password":              "The password: at least 12 characters, not the username, and hard to guess.",
	"generate":              "Generates a password. It is shown only once.",
	"message":               "A message for people.",
	"kind":                  "The kind of the record.",
	"key":                   "The key of the record.",
	"path":                  "The path of the file.",
	"items":                 "The records.",
	"next":                  "The after parameter of the next page; empty when this is the last page.",
	"verified":              "Whether the running Asterisk was verified.",
	"conf_dir":              "The configuration folder of Asterisk.",
	"address":               "The address of AMI; empty without an Asterisk.",
	"user":                  "The AMI account that applies the configuration.",
	"read":                  "Classes of events that the account receives.",
	"write":                 "Classes of actions that the account can perform.",
	"description":           "A description.",
}

// schemaDocs returns the descriptions of the fields of each schema, but for those
// that the field tables and the tags of the types describe.
func schemaDocs() map[string]fieldDocs { //nolint:funlen // one table
	return map[string]fieldDocs{
		"Session": sessionDocs(), "MadeSession": sessionDocs(), "NewSession": sessionDocs(),
		"Administrator": {"invitation": "The link that sets the password, when there is no password. It is shown only once."},
		"Link":          linkDocs(), "UserLink": linkDocs(),
		"Explanation": {
			"allowed": "Whether the administrator has access.", "code": "full, listed, not_listed, unrestricted or disabled.",
			"reason": "The reason, for people.",
		},
		"Section": {"name": "The name, for people.", "description": "What can be done in the section."},

		"AMIAccount": {
			"secret": "The generated secret. It is shown only once.", "event_filters": "Filters of the events of read; without any, all events are sent.",
			"secret_changed_at": "When the secret was set.", "warnings": "Settings that are allowed but probably not intended.",
		},
		"EventFilter": eventFilterDocs(), "EventFilterChange": eventFilterDocs(),
		"Preset": {
			"description": "What the preset is for, and what it allows.", "write_timeout": "The write timeout in milliseconds.", "event_filters": "The event filters.",
		},
		"Warning":     {"field": "The field.", "code": "A short, stable identifier for programs.", "message": "What happens, and what to do."},
		"ProbeResult": {"outcome": "logged_in, wrong_secret, address_denied, unknown_account, already_logged_in, denied, unreachable or not_ami."},

		"User": userDocs(), "Group": {
			"permissions": permissionsDoc, "members": "The number of members. It does not change the ETag.",
		},
		"Delivery": {
			"status":     "sent (accepted by the mail server), no_address, not_configured, rejected, failed or skipped.",
			"expires_at": "When the link in the mail stops working; absent when none was sent.",
		},
		"Permission": {"id": "The module, a dot and the key.", "kind": "bool, extensions, numbers or names.", "default": "The value without any grant.", "description": "What the permission allows."},
		"PermissionExplanation": {
			"permission": "The permission.", "enabled": "The effective value of a bool.", "items": "The items of a list; empty when all is set.", "all": "Whether a list contains everything.",
			"grants": "All grants in the order of their precedence.", "summary": "A summary for people.",
		},
		"Grant": {
			"layer": "user, group or default.", "group": "The name of the group.", "value": "The value.",
			"applied": "Whether the grant is part of the effective value. Otherwise one before it decides.",
		},
		"Token": {
			"username": "The username of the owner.", "key": "The key. It is shown only once.", "key_created_at": "When the key was created.",
			"last_used_at": "When the token was last used, to the minute; absent when never. It does not change the ETag.",
		},
		"MemberImpact":     {"changes": "The permissions that would change; empty when other grants have the same effect."},
		"PermissionChange": {"permission": "The ID of the permission.", "before": "The current value.", "after": "The value without the group."},

		"Job": {
			"kind": "welcome or sync.", "directory": "The directory that is synchronized.", "actor": "The username of who started it.",
			"ended_at": "When it ended; absent while it is running.", "done": "The number of users that are done.", "total": "The number of users; 0 when it is unknown.",
			"problem": "Why the job failed, and what to do; empty when it did not fail.", "welcome": "The result of the mails.", "sync": "What was synchronized, or would be.",
		},
		"WelcomeReport": {"counts": "The number of mails by status.", "undelivered": "The first 1000 mails that were not delivered.", "remaining": "The number of mails that were not tried because the run stopped early."},
		"SyncReport": {
			"dry_run": "Whether nothing was changed.", "entries": "The number of entries in the directory.", "unchanged": "The number of users without changes.",
			"steps": "What was done, or would be, in this order.", "problems": "The entries that could not be synchronized.", "groups": "The names of groups that were created.",
		},
		"SyncStep":    syncDocs(),
		"SyncProblem": syncDocs(),
		"DirectoryState": {
			"name": "The name of the directory.", "url": "The URL.", "base_dn": "The base DN of its users.", "capabilities": "What the directory supports.", "users": "The number of users from the directory.",
		},
		"Capabilities": {
			"authenticate": "Whether users log in with their password of the directory.", "change_password": "Whether passwords can be changed in the directory.",
			"create_users": "Whether users can be created in the directory.", "update_users": "Whether users can be changed in the directory.", "delete_users": "Whether users can be deleted in the directory.",
			"groups": "Whether the directory has groups.", "sync": "Whether its users are synchronized.",
		},
		"Connection": {"ok": "Whether a login succeeded.", "version": "The version of Asterisk.", "problem": "What is wrong, and what to do."},
		"Asterisk":   {}, "Reference": {},

		"Status": {
			"pending": "Whether there is anything to apply.", "interrupted": "Whether an apply was interrupted: recover, or apply.",
			"generation": "The generation that was last verified as live; 0 when there was none.", "live_at": "When it was verified; null when it never was.",
			"can_roll_back": "Whether there is a previous generation.",
		},
		"Plan": {"files": "The files that would be written, reloaded or verified, in this order."},
		"FilePlan": {
			"name": "The name of the file.", "module": "The module that would be reloaded.", "sections": "The sections that differ from the file.",
			"manually_edited": "Whether the file was edited manually; a backup of it would be kept.", "unverified": "Whether the file was never verified with Asterisk.",
		},
		"SectionPlan": {"name": "The name of the section.", "action": "add, modify or remove.", "lines": "The lines that would be added or removed."},
		"LinePlan":    {"sign": "+ for an added line, - for a removed one.", "key": "The key of the line.", "value": "The value of the line; masked if it is secret."},
		"Run": {
			"operation": "apply, rollback or recover.", "started_by": "The username of who started it.", "steps": "The steps started so far.", "done": "Whether the run has ended.",
			"report": "The result of a successful apply or rollback.", "recovery": "The result of a successful recovery.",
		},
		"Progress": {"step": "connect, render, check, write, reload, verify, revoke, rollback or recover.", "file": "The current file; empty when the step is about all files."},
		"Report": {
			"generation": "The current generation; the previous one when there was nothing to do.", "changed": "Whether any file was written or module reloaded.",
			"files": "The changes of each file, in the order of reloads.",
		},
		"FileReport": {
			"name": "The name of the file.", "added": "The number of added sections.", "modified": "The number of modified sections.", "removed": "The number of removed sections.",
			"reloaded_module": "The module that was reloaded.", "backup_path": "The path of the backup of a manually edited file.", "notes": "Further effects, such as sessions that were ended.",
		},
		"Recovery": {
			"interrupted": "Whether an apply was interrupted.", "rolled_forward": "Whether the new generation was completed; otherwise the old one was restored.",
			"reason": "Why the new generation was not completed although all its files were in place.",
		},

		"AuditEntry": {
			"sequence": "The number of the entry, from 1 without gaps.", "time": "When it happened.", "actor": "Who did it, and from where.",
			"action": "What was done, such as create, update, delete, login or apply.", "outcome": "succeeded, denied or failed.", "reason": "Why it was not done: codes and names of fields.",
			"before": "The record before; null when there was none.", "after": "The record after; null when there was none.", "hash": "The hash that chains the entry to the previous one.",
		},
		"AuditActor": {"kind": "administrator, user, console, system or anonymous.", "name": "The username; empty for anonymous.", "remote_addr": "The IP address of the actor; empty on the server itself.", "service": "The service that asked without knowing the address; absent otherwise."},
		"AuditVerification": {
			"entries": "The number of entries.", "records": "The number of records that were compared.", "hash": "The hash of the last entry.",
			"findings": "The findings; at most 100.", "finding_count": "The number of findings.",
		},
		"AuditFinding": {
			"sequence": "The entry; absent for a record.", "kind": "The kind of the record; absent for an entry.", "key": "The record; absent for an entry.",
			"code": "A short, stable identifier for programs.",
		},
	}
}

const permissionsDoc = "Permission grants by ID (see GET /permissions): a boolean, a list of strings, or {\"append\": [...]} to add to the value of the next grant. " +
	"In a change, null removes a grant, and absent grants stay."

func sessionDocs() fieldDocs {
	return fieldDocs{
		"administrator": "The administrator who is logged in.", "sections": "The sections that the administrator can use.",
		"expires_at": "When the session ends at the latest.", "idle_seconds": "The number of seconds without a request after which the session ends; 0 for never.",
		"token": "The token for the header Authorization, after Bearer. It is shown only once.", "device": "A token that this device keeps and sends with the next login. It exempts the login from rate limits caused by others.",
		"recovery_codes_left": "The number of remaining recovery codes, when this login used one.",
		"username":            "The username. Case does not matter.", "password": "The password.", "code": "A code of the authenticator app, or a recovery code.",
	}
}

func linkDocs() fieldDocs {
	return fieldDocs{"token": "The end of the link. It works once.", "url": "The link; give it to this user only."}
}

func eventFilterDocs() fieldDocs {
	return fieldDocs{
		"action": "include or exclude.", "event": "The exact name of the event, such as Newchannel; empty for any.",
		"header": "The header to compare, such as Channel; empty for the whole text of the event.",
		"method": "none (default), exact, starts_with, ends_with, contains or regex.", "match": "The text to compare with; for regex a POSIX extended regular expression.",
	}
}

func userDocs() fieldDocs {
	return fieldDocs{
		"secret": "The generated password. It is shown only once.", "permissions": permissionsDoc,
		"picture": "The version of the picture; empty when there is none.", "external_password": "Whether the directory keeps the password. It cannot be set here then.",
		"password_expires_at": "When the password must be changed; absent when it need not.", "welcomed_at": "When a welcome mail was delivered to the mail server; absent when never.",
		"missing_since": "When a synchronization first missed the user in the directory; absent when it did not.", "deleted_at": "When the user was deleted; absent for others.",
		"directory": "The directory that the user comes from; empty for local users.",
	}
}

func syncDocs() fieldDocs {
	return fieldDocs{
		"action": "create, update, enable, disable or delete.", "external_id": "The ID of the user in the directory.",
		"fields": "The names of the fields that change.", "message": "The reason, and what to do.",
	}
}
