package userman

import "strings"

// Kind says what can be said about a permission.
type Kind string

// The kinds of permissions.
const (
	// Switch is on or off.
	Switch Kind = "switch"
	// Extensions is a list of extensions of 1 to 20 digits, with the words
	// [Self], [Linked] and [All].
	Extensions Kind = "extensions"
	// Numbers is a list of telephone numbers (DIDs) of 1 to 20 digits, with or
	// without + in front, which are compared as they are written; with the
	// word [All].
	Numbers Kind = "numbers"
	// Names is a list of names of something, such as modules or contact
	// groups: 1 to 64 characters on one line, without commas, not beginning
	// with +, compared with their case; with the word [All]. The other words,
	// and none, are no names.
	Names Kind = "names"
)

// Words in lists. Self and Linked are for lists of [Extensions].
const (
	// Self is the default extension of the person; nothing when there is
	// none.
	Self = "self"
	// Linked are all extensions of the person, the default one included.
	Linked = "linked"
	// All is everything there is.
	All = "all"
)

// IDs of the permissions that every product has. Those that end in ".login" are
// services that people log in to, see [Service.VerifyFor].
const (
	PortalLogin          = "portal.login"
	PortalClickToDial    = "portal.click_to_dial"
	SettingsExtensions   = "settings.extensions"
	VoicemailExtensions  = "voicemail.extensions"
	VoicemailPlayback    = "voicemail.playback"
	VoicemailDownload    = "voicemail.download"
	VoicemailSettings    = "voicemail.settings"
	VoicemailGreetings   = "voicemail.greetings"
	HistoryExtensions    = "history.extensions"
	HistoryDownload      = "history.download"
	HistoryRecordings    = "history.recordings"
	SMSNumbers           = "sms.numbers"
	XMPPLogin            = "xmpp.login"
	ISymphonyLogin       = "isymphony.login"
	XactViewLogin        = "xactview.login"
	RESTUse              = "rest.use"
	PhoneAppsModules     = "phone_apps.modules"
	SoftphoneActivate    = "softphone.activate"
	ConferenceExtensions = "conferences.extensions"
	ContactsView         = "contacts.view"
	ContactsGroups       = "contacts.groups"
	ContactsListed       = "contacts.listed"
)

// Permission is something that a person may be permitted.
type Permission struct {
	// ID is the module, a dot and the key: "voicemail.download". Each part is
	// 1 to 32 lower-case letters, digits and underscores, beginning with a
	// letter.
	ID string `json:"id"`
	// Kind says what values it takes.
	Kind Kind `json:"kind"`
	// Default is what counts when nobody says anything; a list of Replace.
	Default Value `json:"default"`
	// Sentence says to people what it permits: "May download voicemail
	// messages."
	Sentence string `json:"sentence"`
}

// Module returns the part of the ID before the dot.
func (p Permission) Module() string {
	module, _, _ := strings.Cut(p.ID, ".")
	return module
}

// Permissions are what a person, or a group, says: values by the ID of the
// permission. What is not in it is left to whoever comes next.
type Permissions map[string]Value

// normalised returns a copy in the form in which it is kept: lists as
// [Value.Items] has them, and none that adds nothing.
func (p Permissions) normalised() Permissions {
	kept := make(Permissions, len(p))
	for id, value := range p {
		if !value.Extends() || len(value.items) > 0 {
			kept[id] = value.normalised()
		}
	}
	return kept
}
