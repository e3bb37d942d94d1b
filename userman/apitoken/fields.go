package apitoken

import (
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// Fields returns the plain editable fields of a [Token], in the order of forms.
// The addresses and the key are not among them.
func Fields() *field.Table[Token] { return fields() }

var fields = sync.OnceValue(func() *field.Table[Token] {
	const section = "General"
	all := field.ListValue([]string{permission.Any})
	return field.New(
		field.Text("description", "max=200,plain_line", func(t *Token) *string { return &t.Description }, field.Meta{
			Label: "Description", Section: section, Help: "What uses the token.",
		}),
		field.List("extensions", "min=1,max=200", func(t *Token) *[]string { return &t.Extensions }, field.Meta{
			Label: "Extensions", Section: section, Placeholder: "EXTENSIONS", Example: "4001, 4002", Default: all, Format: field.FormatExtension,
			Help: "The extensions of the user that the token can access, or all.",
		}),
		field.List("modules", "min=1,max=200", func(t *Token) *[]string { return &t.Modules }, field.Meta{
			Label: "Modules", Section: section, Placeholder: "MODULES", Example: "voicemail, contacts", Default: all,
			Help: "The modules that the token can access, such as voicemail, or all.",
		}),
		field.Int("requests_per_hour", "", func(t *Token) *int { return &t.RequestsPerHour }, field.Meta{
			Label: "Requests per hour", Section: section, Placeholder: "NUMBER", Default: field.IntValue(DefaultRequestsPerHour),
			Help: "The largest number of requests in an hour, or -1 for no limit.",
		}),
		field.Time("expires_at", func(t *Token) *time.Time { return &t.ExpiresAt }, field.Meta{
			Label: "Expires", Section: section, Example: "2027-01-31T17:00:00Z",
			Help: "When the token stops working. Leave empty for no expiry.",
		}),
		field.Bool("disabled", func(t *Token) *bool { return &t.Disabled }, field.Meta{
			Label: "Disabled", Help: "Rejects every request with this token.",
		}),
	)
})
