package permission

import "strings"

// Kind is the type of a permission's value.
type Kind string

// The kinds of permissions.
const (
	// KindBool is on or off.
	KindBool Kind = "bool"
	// KindExtensions is a list of extensions of 1 to 20 digits. It may contain
	// the keywords [OwnExtension], [OwnExtensions] and [Any].
	KindExtensions Kind = "extensions"
	// KindNumbers is a list of phone numbers (DIDs) of 1 to 20 digits, with or
	// without a leading +. Numbers are compared verbatim. It may contain [Any].
	KindNumbers Kind = "numbers"
	// KindStrings is a list of names, such as modules or contact groups. A name
	// has 1 to 64 characters on one line, no comma and no leading +. Names are
	// case-sensitive. The list may contain [Any]; the other keywords and "none"
	// are not valid names.
	KindStrings Kind = "names"
)

// Keywords in lists. OwnExtension and OwnExtensions are for lists of
// [KindExtensions].
const (
	// OwnExtension stands for the default extension of the user, if there is one.
	OwnExtension = "self"
	// OwnExtensions stands for all extensions of the user, including the default.
	OwnExtensions = "linked"
	// Any matches every item.
	Any = "all"
)

// IDs of the standard permissions. An ID that ends in ".login" permits a login to
// the service that its module names.
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

// Permission describes one right that users can have.
type Permission struct {
	// ID is the module, a dot and the key: "voicemail.download". Each part is
	// 1 to 32 lower-case letters, digits and underscores, beginning with a
	// letter.
	ID string `json:"id"`
	// Kind is the type of its values.
	Kind Kind `json:"kind"`
	// Default applies if neither the user nor a group sets a value. The default
	// of a list is made by [Set].
	Default Value `json:"default"`
	// Description is one sentence for people: "May download voicemail messages."
	Description string `json:"description"`
}

// Module returns the part of the ID before the dot.
func (p Permission) Module() string {
	module, _, _ := strings.Cut(p.ID, ".")
	return module
}

// Permissions are the values that a user or a group sets, by the ID of the
// permission. A missing ID leaves the decision to the next layer.
type Permissions map[string]Value

// Normalized returns a copy in stored form. It sorts lists as [Value.Items] does,
// and drops every [Append] without items.
func (p Permissions) Normalized() Permissions {
	out := make(Permissions, len(p))
	for id, value := range p {
		if !value.IsAppend() || len(value.items) > 0 {
			out[id] = value.Normalized()
		}
	}
	return out
}
