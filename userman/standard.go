package userman

// StandardPermissions are those that every product has, in the order in which
// pages show them. A product that wants other defaults gives permissions of the
// same ID in [Options].
//
// Defaults: whoever can log in may use the portal, click to dial, see contacts
// and be listed in them, and settings, voicemail and history of Self; also to
// activate a softphone. XMPP, operator panels, REST, phone apps, recordings,
// conferences and SMS numbers are off, or nothing, until somebody says
// otherwise.
func StandardPermissions() []Permission {
	return []Permission{
		{PortalLogin, Switch, On(), "May log in to the portal."},
		{PortalClickToDial, Switch, On(), "May have the telephone dial a number by clicking on it in the portal."},
		{SettingsExtensions, Extensions, Replace(Self), "May change call forwarding, call waiting, do not disturb and find me of these extensions."},
		{VoicemailExtensions, Extensions, Replace(Self), "May see and manage the voicemail boxes of these extensions."},
		{VoicemailPlayback, Switch, On(), "May listen to voicemail messages in the portal."},
		{VoicemailDownload, Switch, On(), "May download voicemail messages."},
		{VoicemailSettings, Switch, On(), "May change the settings of voicemail boxes, such as the PIN and where messages are mailed."},
		{VoicemailGreetings, Switch, On(), "May record and change the greetings of voicemail boxes."},
		{HistoryExtensions, Extensions, Replace(Self), "May see the call history of these extensions."},
		{HistoryDownload, Switch, On(), "May download the call history."},
		{HistoryRecordings, Switch, Off(), "May listen to and download the recordings of calls in the history."},
		{SMSNumbers, Numbers, Replace(), "May read the text messages to these numbers, and send others from them."},
		{XMPPLogin, Switch, Off(), "May log in to the chat server (XMPP)."},
		{ISymphonyLogin, Switch, Off(), "May log in to the operator panel iSymphony."},
		{XactViewLogin, Switch, Off(), "May log in to the operator panel XactView."},
		{RESTUse, Switch, Off(), "May have programs use the API with API tokens."},
		{PhoneAppsModules, Names, Replace(), "May use these apps on the telephone."},
		{SoftphoneActivate, Switch, On(), "May set up a softphone for the default extension."},
		{ConferenceExtensions, Extensions, Replace(), "May manage the conference rooms of these extensions."},
		{ContactsView, Switch, On(), "May see contacts in the portal."},
		{ContactsGroups, Names, Replace(All), "May see these groups of contacts."},
		{ContactsListed, Switch, On(), "Is listed in the contacts that others see."},
	}
}

// Permissions returns the registry: the standard permissions, and those of
// [Options].Permissions behind them or in the place of those of the same ID.
func (s *Service) Permissions() []Permission {
	return append([]Permission(nil), s.registry.ordered...)
}
