package extension

import (
	"sync"

	"github.com/pbxusers/pbxusers/store/field"
)

// Fields returns the plain editable fields of an [Extension], in the order of forms.
// The devices are not among them.
func Fields() *field.Table[Extension] { return extensionFields() }

var extensionFields = sync.OnceValue(func() *field.Table[Extension] {
	const general, media = "General", "Audio and network"
	return field.New(
		field.Text("number", "required,extension", func(e *Extension) *string { return &e.Number }, field.Meta{
			Label: "Number", Section: general, Placeholder: "NUMBER", Example: "6001", Format: field.FormatExtension, Immutable: true,
			Help:   "The number that people dial: 1 to 20 digits.",
			Search: true, Sort: true,
		}),
		field.Text("name", "max=50,caller_name", func(e *Extension) *string { return &e.Name }, field.Meta{
			Label: "Name", Section: general, Placeholder: "NAME", Example: "Alice Doe",
			Help:   "The name that phones show as the caller: up to 50 characters.",
			Search: true, Sort: true,
		}),
		field.Text("type", "oneof=desk_phone softphone virtual", func(e *Extension) *string { return &e.Type }, field.Meta{
			Label: "Type", Section: general, Default: field.TextValue(TypeDeskPhone),
			Help: "A desk phone and a softphone have devices. A virtual extension has none.",
		}),
		field.List("codecs", "max=7,dive,oneof=opus g722 alaw ulaw g729 ilbc gsm", func(e *Extension) *[]string { return &e.Codecs }, field.Meta{
			Label: "Codecs", Section: media, Example: "g722,alaw,ulaw", Default: field.ListValue(DefaultCodecs()),
			Help: "The codecs that devices can use, the preferred one first.",
		}),
		field.Text("transport", "omitempty,transport", func(e *Extension) *string { return &e.Transport }, field.Meta{
			Label: "Transport", Section: media, Placeholder: "TRANSPORT", Example: "transport-tls",
			Help: "The PJSIP transport of calls to the devices. Leave it empty to let Asterisk choose.",
		}),
		field.Bool("nat", func(e *Extension) *bool { return &e.NAT }, field.Meta{
			Label: "Behind NAT", Section: media, Default: field.BoolValue(true),
			Help: "Sends calls and audio to the address that a device is seen at, as devices behind a router need it.",
		}),
	)
})
