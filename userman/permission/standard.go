package permission

// Standard returns the permissions that every product has, in display order. A
// product changes a default by registering a permission with the same ID.
//
// By default a user may log in to the portal, click to dial, see contacts and be
// listed in them, activate a softphone, and use the settings, voicemail and
// history of the default extension. XMPP, operator panels, REST, phone apps,
// recordings, conferences and SMS numbers are off or empty by default.
func Standard() []Permission {
	return []Permission{
		{PortalLogin, KindBool, On(), "May log in to the portal."},
		{PortalClickToDial, KindBool, On(), "May click a number in the portal to dial it on the phone."},
		{SettingsExtensions, KindExtensions, Set(OwnExtension), "May change call forwarding, call waiting, do not disturb and find me of these extensions."},
		{VoicemailExtensions, KindExtensions, Set(OwnExtension), "May see and manage the voicemail boxes of these extensions."},
		{VoicemailPlayback, KindBool, On(), "May listen to voicemail messages in the portal."},
		{VoicemailDownload, KindBool, On(), "May download voicemail messages."},
		{VoicemailSettings, KindBool, On(), "May change the settings of voicemail boxes, such as the PIN and where messages are mailed."},
		{VoicemailGreetings, KindBool, On(), "May record and change the greetings of voicemail boxes."},
		{HistoryExtensions, KindExtensions, Set(OwnExtension), "May see the call history of these extensions."},
		{HistoryDownload, KindBool, On(), "May download the call history."},
		{HistoryRecordings, KindBool, Off(), "May listen to and download the recordings of calls in the history."},
		{SMSNumbers, KindNumbers, Set(), "May read text messages to these numbers, and send text messages from them."},
		{XMPPLogin, KindBool, Off(), "May log in to the chat server (XMPP)."},
		{ISymphonyLogin, KindBool, Off(), "May log in to the operator panel iSymphony."},
		{XactViewLogin, KindBool, Off(), "May log in to the operator panel XactView."},
		{RESTUse, KindBool, Off(), "May let programs use the API with API tokens."},
		{PhoneAppsModules, KindStrings, Set(), "May use these apps on the phone."},
		{SoftphoneActivate, KindBool, On(), "May set up a softphone for the default extension."},
		{ConferenceExtensions, KindExtensions, Set(), "May manage the conference rooms of these extensions."},
		{ContactsView, KindBool, On(), "May see contacts in the portal."},
		{ContactsGroups, KindStrings, Set(Any), "May see these groups of contacts."},
		{ContactsListed, KindBool, On(), "Is listed in the contacts that others see."},
	}
}
