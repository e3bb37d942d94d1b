package userman

import "strings"

// Kind says what can be said about a permission.
type Kind string

// The kinds of permissions.
const (
	// KindBool is on or off.
	KindBool Kind = "switch"
	// KindExtensions is a list of extensions of 1 to 20 digits, with the words
	// [OwnExtension], [OwnExtensions] and [Any].
	KindExtensions Kind = "extensions"
	// KindNumbers is a list of telephone numbers (DIDs) of 1 to 20 digits, with or
	// without + in front, which are compared as they are written; with the
	// word [Any].
	KindNumbers Kind = "numbers"
	// KindStrings is a list of names of something, such as modules or contact
	// groups: 1 to 64 characters on one line, without commas, not beginning
	// with +, compared with their case; with the word [Any]. The other words,
	// and none, are no names.
	KindStrings Kind = "names"
)

// Words in lists. Self and Linked are for lists of [KindExtensions].
const (
	// OwnExtension is the default extension of the person; nothing when there is
	// none.
	OwnExtension = "self"
	// OwnExtensions are all extensions of the person, the default one included.
	OwnExtensions = "linked"
	// Any is everything there is.
	Any = "all"
)

// IDs of the permissions that every product has. Those that end in ".login" are
// services that people log in to, see [Service.AuthenticateService].
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
	// Description says to people what it permits: "May download voicemail
	// messages."
	Description string `json:"sentence"`
}

// Module returns the part of the ID before the dot.
func (p Permission) Module() string {
	module, _, _ := strings.Cut(p.ID, ".")
	return module
}

// Permissions are what a person, or a group, says: values by the ID of the
// permission. What is not in it is left to whoever comes next.
type Permissions map[string]Value

// normalized returns a copy in the form in which it is kept: lists as
// [Value.Items] has them, and none that adds nothing.
func (p Permissions) normalized() Permissions {
	out := make(Permissions, len(p))
	for id, value := range p {
		if !value.IsAppend() || len(value.items) > 0 {
			out[id] = value.normalized()
		}
	}
	return out
}
