package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/examples/internal/app"
	"github.com/pbxusers/pbxusers/examples/server/web/locale"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// settingsForm is the input of a form of settings.
type settingsForm struct {
	input

	// attributes are the attributes by the fields of a user.
	attributes map[string]string
	labels     map[string]string
}

// notManaged is the attribute that stands for none.
const notManaged = "-"

// newSettingsForm returns the form of the present values.
func newSettingsForm(all []app.Setting) *settingsForm {
	f := &settingsForm{input: input{Texts: map[string][]string{}}, attributes: map[string]string{}}
	for _, s := range all {
		f.Texts[s.Name] = s.FormTexts(s.Value)
		if s.IsAttributeMap() {
			f.attributes = attributesOf(s.Value)
		}
	}
	return f
}

// attributesOf returns the attributes of a value such as "email=mail".
func attributesOf(v field.Value) map[string]string {
	attributes := map[string]string{}
	for _, pair := range v.List() {
		name, attribute, _ := strings.Cut(pair, "=")
		if attribute == "" {
			attribute = notManaged
		}
		attributes[name] = attribute
	}
	return attributes
}

// removeField is the name of the box that removes a secret.
func removeField(name string) string { return "remove." + name }

// attributeName is the name of the input of an attribute.
func attributeName(name string) string { return "attribute." + name }

// readSettingsForm returns what a form has, and how it differs from the settings.
func readSettingsForm(r *request, all []app.Setting) (*settingsForm, settings.Changes, []store.FieldError) {
	f := &settingsForm{input: input{Texts: map[string][]string{}}, attributes: map[string]string{}, labels: map[string]string{"to": "Send test email to"}}
	changes := settings.Changes{Set: map[string]field.Value{}}
	var errs []store.FieldError
	for _, s := range all {
		f.labels[s.Name], f.Texts[s.Name] = s.Label, s.FormTexts(s.Value)
		if !s.Editable() {
			continue
		}
		if s.Secret {
			f.readSecret(r, s, &changes)
			continue
		}
		value, err := f.read(r, s)
		switch {
		case err != nil:
			errs = append(errs, store.FieldError{Field: s.Name, Code: store.CodeType, Message: err.Error()})
		case value.Equal(s.Value):
		case value.Equal(s.Base):
			changes.Reset = append(changes.Reset, s.Name)
		default:
			changes.Set[s.Name] = value
		}
	}
	return f, changes, errs
}

// readSecret reads a secret: empty keeps the saved one.
func (f *settingsForm) readSecret(r *request, s app.Setting, changes *settings.Changes) {
	f.Texts[s.Name] = nil
	switch typed := r.form(s.Name); {
	case typed != "":
		changes.Set[s.Name] = field.TextValue(typed)
	case r.PostForm.Has(removeField(s.Name)):
		changes.Reset = append(changes.Reset, s.Name)
	}
}

// read reads the value of a setting. What the form does not have does not change.
func (f *settingsForm) read(r *request, s app.Setting) (field.Value, error) {
	isWhole := r.PostForm.Has("version") // a form without it has no boxes
	if s.IsAttributeMap() {
		return f.readAttributes(r, s, isWhole), nil
	}
	if !r.PostForm.Has(s.Name) && (s.Kind != field.KindBool || !isWhole) {
		return s.Value, nil
	}
	f.Texts[s.Name] = s.ReadForm(r.PostForm)
	return s.ParseForm(f.Texts[s.Name], s.Value)
}

func (f *settingsForm) readAttributes(r *request, s app.Setting, isWhole bool) field.Value {
	if !isWhole {
		f.attributes = attributesOf(s.Value)
		return s.Value
	}
	var pairs []string
	for _, name := range directoryFields() {
		attribute := strings.TrimSpace(r.form(attributeName(name.Name)))
		if attribute == "" {
			continue
		}
		f.attributes[name.Name] = attribute
		if attribute == notManaged {
			attribute = ""
		}
		pairs = append(pairs, name.Name+"="+attribute)
	}
	slices.Sort(pairs)
	return field.ListValue(pairs)
}

// directoryFields are the fields of a user that a directory can have.
func directoryFields() []field.Meta {
	return append([]field.Meta{{Name: "username", Label: "Username"}}, userman.Fields().Metas(func(m field.Meta) bool { return m.Directory && m.Name != "username" })...)
}

// attributeField is the attribute of a field of a user. Default is the attribute of the kind of
// directory.
type attributeField struct{ Name, Label, Value, Default string }

// draw returns the form of a section, the attributes, and the technical settings, which
// only the server has. A setting that cannot be changed here is read-only in its place.
func (f *settingsForm) draw(all []app.Setting, mayEdit bool, errs formErrors) (drawn form, attributes []attributeField, technical []app.Setting) {
	labels, legend := map[string]string{"to": "Send test email to"}, ""
	for _, s := range all {
		if next, begins := settingsLegends()[s.Name]; begins {
			legend = next
		}
		labels[s.Name] = s.Label
		switch editable := mayEdit && s.Editable(); {
		case s.FlagOnly:
			technical = append(technical, s)
		case s.IsAttributeMap() && editable:
			attributes = f.drawAttributes(errs)
		case editable:
			f.drawSetting(&drawn, s, legend, errs)
		default:
			drawn.add(f.fixedSetting(s, legend))
		}
	}
	drawn.Problems = errs.summary(labels)
	return drawn, attributes, technical
}

// fixedSetting shows a setting that cannot be changed here.
func (f *settingsForm) fixedSetting(s app.Setting, legend string) formField {
	control := new(fieldSet[app.Settings]).control(s.Meta, f.input, formErrors{})
	control.Section, control.ReadOnly, control.Unsent, control.Required, control.InputMode = legend, true, true, false, ""
	switch {
	case s.Secret && s.HasSecret:
		control.Value = "Set"
	case s.Kind == field.KindBool: // a box
	case control.Value == "":
		control.Value = "Not set"
	default:
		control.Value = settingLabel(s, control.Value)
	}
	if s.Kind == field.KindInt && len(settingChoices(s, "")) == 0 {
		control.Unit = strings.ToLower(s.Placeholder)
	}
	if s.Source.Fixed() {
		control.Hint = "Set on the server (" + s.Source.Name + ")."
	}
	return control
}

func (f *settingsForm) drawSetting(drawn *form, s app.Setting, legend string, errs formErrors) {
	control := new(fieldSet[app.Settings]).control(s.Meta, f.input, errs)
	control.Section = legend
	if hint, found := settingHints()[s.Name]; found {
		control.Hint = hint
	}
	choices := settingChoices(s, f.text(s.Name))
	switch {
	case len(choices) > 0:
		control.Choices, control.InputMode = chosenOf(choices, f.text(s.Name)), ""
	case s.Kind == field.KindInt:
		control.Unit = strings.ToLower(s.Placeholder)
	}
	switch {
	case s.Secret:
		control.Type, control.Autocomplete, control.Value = "password", "new-password", ""
		if s.HasSecret {
			control.Hint = "One is saved. Leave this empty to keep it."
		}
	case s.Source.Kind == app.SourceSaved && len(choices) == 0 && s.Kind != field.KindBool && !s.Base.IsZero():
		control.Hint = strings.TrimSpace(control.Hint + " Default: " + s.Base.String() + ".")
	}
	drawn.add(control)
	if s.Secret && s.HasSecret {
		drawn.add(formField{Name: removeField(s.Name), Type: "box", Section: legend, Label: "Remove the saved " + strings.ToLower(s.Label)})
	}
}

// settingChoices are the values to choose from, with the present one; none for a setting
// that is typed.
func settingChoices(s app.Setting, present string) []choice {
	var choices []choice
	switch values := s.OneOf; s.Name {
	case "language":
		for _, l := range locale.Languages() {
			choices = append(choices, choice{Value: l.Tag, Label: l.Name})
		}
	case "password_min_score":
		for score := s.Min; score <= s.Max; score++ {
			values = append(values, strconv.Itoa(score))
		}
		fallthrough
	default:
		for _, value := range values {
			choices = append(choices, choice{Value: value, Label: settingLabel(s, value)})
		}
	}
	if len(choices) > 0 && !slices.ContainsFunc(choices, func(c choice) bool { return c.Value == present }) {
		choices = append([]choice{{Value: present, Label: cmp.Or(present, "Default")}}, choices...)
	}
	return choices
}

// settingHints are the hints of controls that differ from the help of the flags.
func settingHints() map[string]string {
	return map[string]string{
		"language":           "For emails to users without a language of their own.",
		"password_min_score": "How hard to guess a new password must be.",
		"password_lifetime":  "After this time users must change their password. 0 means never.",
		"session_lifetime":   "After this time administrators must log in again. It applies to later logins.",
		"session_idle":       "After this time without a request administrators must log in again.",
		"ldap_adopt":         "For a new entry with the username of a user who has left.",
		"ldap_max_removals":  "The largest share of the directory's users that one sync disables or deletes, and of the memberships that it removes. 0.1 means 10 %.",
		"ldap_delete_after":  "The first sync disables a missing user, and a sync after this time deletes the user. 0 means never.",
	}
}

func (f *settingsForm) drawAttributes(formErrors) []attributeField {
	preset, _ := ldapdir.Kind(f.text("ldap_kind")).Preset()
	var attributes []attributeField
	for _, m := range directoryFields() {
		attributes = append(attributes, attributeField{attributeName(m.Name), m.Label, f.attributes[m.Name], preset.Attributes[m.Name]})
	}
	return attributes
}

// settingsLegends are the headings within a section, by the setting that they begin
// with.
func settingsLegends() map[string]string {
	return map[string]string{
		"smtp": "Server", "smtp_local_name": "Advanced",
		"ldap_url": "Connection", "ldap_base_dn": "Users", "ldap_group_base_dn": "Groups", "ldap_sync": "Syncs",
		"password_min_length": "Passwords", "session_lifetime": "Sessions of administrators", "login_by_email": "Login of users",
	}
}

// settingLabel is the label of a value of a setting.
func settingLabel(s app.Setting, value string) string {
	if s.Name == "password_min_score" {
		return cmp.Or(map[string]string{"0": "Any password", "1": "Weak", "2": "Fair", "3": "Strong", "4": "Very strong"}[value], value)
	}
	return cmp.Or(map[string]string{
		"starttls": "STARTTLS", "tls": "TLS", "none": "None (mail server on this host)", "unprotected": "Unprotected",
		"openldap": "OpenLDAP", "active-directory": "Active Directory", "freeipa": "FreeIPA",
		"off": "Off", "15m": "Every 15 minutes", "1h": "Every hour", "6h": "Every 6 hours", "24h": "Every day",
		"never": "Report the entry", "successor": "Link the user as a successor", "same-user": "Link the user as the same person",
	}[value], value)
}
