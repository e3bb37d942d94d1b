package app

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/manager/asterisk"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
	"github.com/pbxusers/pbxusers/userman/smtpmailer"
)

// The sections of the settings.
const (
	SettingsGeneral   = "General"
	SettingsMail      = "Mail"
	SettingsDirectory = "Directory"
	SettingsAsterisk  = "Asterisk"
	SettingsSignIn    = "Passwords and sessions"
)

// Definition describes one setting. A line in [definitions] makes it a flag, an
// environment variable, a key of pbxusers.ini, a field of the page and a name for
// pbxctl settings.
type Definition struct {
	field.Field[Settings]

	// FlagOnly says that the setting cannot be saved in the database: it is needed to
	// open the database, names a file, or would let an administrator of the pages run
	// commands on the host.
	FlagOnly bool
	// SavedOnly says that there is no flag.
	SavedOnly bool
	// Secret and SentTo are as in [settings.Definition].
	Secret bool
	SentTo []string
	// File is the flag of a file with the value, which takes precedence.
	File string
}

// Names of settings that the programs use.
const (
	nameBaseURL      = "base_url"
	namePendingURL   = "pending_base_url"
	nameSMTPPassword = "smtp_password"
	nameLDAPPassword = "ldap_password"
	nameAttributes   = "ldap_attributes"
)

// definitions returns all settings, in the order of the sections.
func definitions() []Definition {
	return slices.Concat(generalDefinitions(), asteriskDefinitions(), signInDefinitions(), mailDefinitions(), directoryDefinitions(), directoryUserDefinitions(), syncDefinitions())
}

// SettingLabel returns the label of the setting of a name; "" if there is none.
func SettingLabel(name string) string {
	for _, d := range definitions() {
		if d.Name == name {
			return d.Label
		}
	}
	return ""
}

// text describes a setting that is a text.
func text(name, rule, section, label, placeholder, value, help string, at func(*Settings) *string) Definition {
	return Definition{Field: field.Text(name, rule, at, field.Meta{
		Section: section, Label: label, Placeholder: placeholder, Default: field.TextValue(value), Help: help,
	})}
}

// boolean describes a setting that is on or off.
func boolean(name, section, label, help string, at func(*Settings) *bool) Definition {
	return Definition{Field: field.Bool(name, at, field.Meta{Section: section, Label: label, Help: help})}
}

// number describes a setting that the record has in another form.
func number(name, rule, section, label, placeholder string, value int, help string, get func(*Settings) int, set func(*Settings, int)) Definition {
	return Definition{Field: field.Func(name, rule, field.KindInt,
		func(s *Settings) field.Value { return field.IntValue(get(s)) }, func(s *Settings, v field.Value) { set(s, v.Int()) },
		field.Meta{Section: section, Label: label, Placeholder: placeholder, Default: field.IntValue(value), Help: help})}
}

// secret describes a secret that is saved only.
func secret(name, section, label, file, help string, at func(*Settings) *store.Secret, sentTo ...string) Definition {
	return Definition{SavedOnly: true, Secret: true, SentTo: sentTo, File: file, Field: field.Func(name, "max=500", field.KindText,
		func(s *Settings) field.Value { return field.TextValue(at(s).Reveal()) },
		func(s *Settings, v field.Value) { *at(s) = store.NewSecret(v.Text()) },
		field.Meta{Section: section, Label: label, Help: help})}
}

// certificates describes CA certificates that are saved only.
func certificates(name, section, file string, at func(*Settings) *string) Definition {
	return Definition{SavedOnly: true, File: file, Field: field.Text(name, "max=100000", at, field.Meta{
		Section: section, Label: "CA certificates", Format: field.FormatMultiline,
		Help: "In PEM, beginning with -----BEGIN CERTIFICATE-----. Empty means the certificates of the host.",
	})}
}

// flagOnly marks a setting that cannot be saved.
func flagOnly(d Definition) Definition {
	d.FlagOnly = true
	return d
}

func generalDefinitions() []Definition {
	pending := text(namePendingURL, "max=300,plain_line", "", "Public URL to confirm", "URL", "", "", func(s *Settings) *string { return &s.PendingURL })
	pending.SavedOnly = true
	return []Definition{
		text("product", "required,max=100,plain_line", SettingsGeneral, "Product name", "NAME", "pbxusers",
			"In emails, authenticator apps and on these pages.", func(s *Settings) *string { return &s.Users.Product }),
		{Field: field.Func(nameBaseURL, "omitempty,max=300,base_url", field.KindText,
			func(s *Settings) field.Value { return field.TextValue(s.BaseURL) }, func(s *Settings, v field.Value) { s.BaseURL = normalizeOrigin(v.Text()) },
			field.Meta{
				Section: SettingsGeneral, Label: "Public URL", Placeholder: "URL", Example: "https://pbx.example.com",
				Help: "Links in emails and on pages begin with it. The default of the server is http:// and the listen address.",
			})},
		text("language", "omitempty,max=35,plain_line", SettingsGeneral, "Default language", "LANGUAGE", "en",
			"For emails to users without a language of their own, such as en or zh-Hans.", func(s *Settings) *string { return &s.Users.Language }),
		pending,
		flagOnly(text("db", "", SettingsGeneral, "Database", "DATABASE", "sqlite:pbxusers.db", "As sqlite:FILE.", func(s *Settings) *string { return &s.DB })),
		flagOnly(text("key_file", "", SettingsGeneral, "Key file", "FILE", "",
			"The keys that encrypt secrets in the database. Defaults to pbxusers.key next to the database.", func(s *Settings) *string { return &s.KeyFile })),
	}
}

func asteriskDefinitions() []Definition {
	return []Definition{
		text("ami", "max=300,plain_line", SettingsAsterisk, "AMI address", "ADDRESS", "",
			"Host and port of the Asterisk Manager Interface. 'none' writes files without a running Asterisk. Defaults to the address in manager.conf.", func(s *Settings) *string { return &s.AMI }),
		flagOnly(text("ami_user", "", SettingsAsterisk, "AMI account for applying", "ACCOUNT", asterisk.DefaultAccount,
			"It applies the configuration. 'pbxctl config install' creates it.", func(s *Settings) *string { return &s.AMIUser })),
		flagOnly(text("ami_secret_file", "", SettingsAsterisk, "Secret file of the AMI account", "FILE", "",
			"Defaults to pbxusers_ami.secret next to the database.", func(s *Settings) *string { return &s.AMISecretFile })),
		flagOnly(text("conf_dir", "", SettingsAsterisk, "Configuration folder", "FOLDER", asterisk.DefaultConfDir,
			"The configuration folder of Asterisk.", func(s *Settings) *string { return &s.ConfDir })),
		flagOnly(text("asterisk", "", SettingsAsterisk, "Console command", "COMMAND", asterisk.DefaultConsole,
			"Runs the Asterisk console, with its arguments.", func(s *Settings) *string { return &s.Asterisk })),
	}
}

func signInDefinitions() []Definition {
	return []Definition{
		number("password_min_length", "min=8,max=128", SettingsSignIn, "Minimum password length", "CHARACTERS", 12,
			"For users and administrators.",
			func(s *Settings) int { return s.Users.MinPasswordLength }, func(s *Settings, n int) { s.Users.MinPasswordLength = n }),
		number("password_min_score", "min=0,max=4", SettingsSignIn, "Minimum password strength", "SCORE", 3,
			"From 0, which accepts all passwords, to 4, which only accepts passwords that are very hard to guess.",
			func(s *Settings) int { return max(0, s.Users.MinPasswordScore) },
			func(s *Settings, n int) { s.Users.MinPasswordScore = cmp.Or(n, -1) }), // 0 is the default of the library
		number("password_lifetime", "min=0,max=36500", SettingsSignIn, "Password lifetime", "DAYS", 0,
			"Days after which users must change their password. 0 means never.",
			func(s *Settings) int { return int(s.Users.PasswordLifetime / day) },
			func(s *Settings, n int) { s.Users.PasswordLifetime = time.Duration(n) * day }),
		number("session_lifetime", "min=1,max=720", SettingsSignIn, "Session lifetime", "HOURS", 12,
			"Hours after which administrators must log in again. It applies to later logins.",
			func(s *Settings) int { return int(s.SessionLifetime / time.Hour) },
			func(s *Settings, n int) { s.SessionLifetime = time.Duration(n) * time.Hour }),
		number("session_idle", "min=5,max=1440", SettingsSignIn, "Idle timeout", "MINUTES", 60,
			"Minutes without a request after which administrators must log in again.",
			func(s *Settings) int { return int(s.SessionIdle / time.Minute) },
			func(s *Settings, n int) { s.SessionIdle = time.Duration(n) * time.Minute }),
		boolean("login_by_email", SettingsSignIn, "Log in by email", "Users can also log in with their primary email address.", func(s *Settings) *bool { return &s.Users.LoginByEmail }),
		boolean("login_by_extension", SettingsSignIn, "Log in by extension", "Users can also log in with their default extension.", func(s *Settings) *bool { return &s.Users.LoginByExtension }),
	}
}

func mailDefinitions() []Definition {
	smtp := func(name, rule, label, placeholder, value, help string, at func(*SMTPSettings) *string) Definition {
		return text(name, rule, SettingsMail, label, placeholder, value, help, func(s *Settings) *string { return at(&s.SMTP) })
	}
	return []Definition{
		smtp("smtp", "max=300,plain_line", "Mail server", "HOST:PORT", "", "Host and port, such as smtp.example.com:587. Without a mail server, no emails are sent.", func(s *SMTPSettings) *string { return &s.Address }),
		smtp("smtp_security", "omitempty,oneof=starttls tls none unprotected", "Connection security", "SECURITY", string(smtpmailer.STARTTLS),
			"Choose none for a mail server on this host. With unprotected, the network can read the links in emails.", func(s *SMTPSettings) *string { return (*string)(&s.Security) }),
		smtp("smtp_from", "max=500,plain_line", "Sender", "SENDER", "",
			"Such as pbx@example.com or ACME Telephony <pbx@example.com>.", func(s *SMTPSettings) *string { return &s.From }),
		smtp("smtp_user", "max=500,plain_line", "Username", "NAME", "", "For the mail server. Empty means no login.", func(s *SMTPSettings) *string { return &s.Username }),
		secret(nameSMTPPassword, SettingsMail, "Password", "smtp_password_file", "Password for this username.",
			func(s *Settings) *store.Secret { return &s.SMTP.Password }, "smtp", "smtp_security", "smtp_user", "smtp_ca"),
		flagOnly(smtp("smtp_password_file", "", "Password file", "FILE", "", "With the password of the mail server. Only its owner should be able to read it.", func(s *SMTPSettings) *string { return &s.PasswordFile })),
		smtp("smtp_local_name", "max=300,plain_line", "Server name in greetings", "NAME", "",
			"Fully qualified, for the mail server. Defaults to the host of the public URL, or the domain of the sender.", func(s *SMTPSettings) *string { return &s.LocalName }),
		certificates("smtp_ca", SettingsMail, "smtp_ca_file", func(s *Settings) *string { return &s.SMTP.CA }),
		flagOnly(smtp("smtp_ca_file", "", "CA certificates file", "FILE", "", "In PEM. Defaults to the certificates of the host.", func(s *SMTPSettings) *string { return &s.CAFile })),
		flagOnly(text("mail_templates", "", SettingsMail, "Mail templates", "FOLDER", "",
			"With templates such as LANGUAGE/welcome.txt. Defaults to the built-in templates.", func(s *Settings) *string { return &s.Users.MailTemplates })),
	}
}

// ldap describes a setting of the directory that is a text.
func ldap(name, rule, label, placeholder, value, help string, at func(*LDAPSettings) *string) Definition {
	return text(name, rule, SettingsDirectory, label, placeholder, value, help, func(s *Settings) *string { return at(&s.LDAP) })
}

func directoryDefinitions() []Definition {
	kinds := make([]string, 0, 4)
	for _, kind := range ldapdir.Kinds() {
		kinds = append(kinds, string(kind))
	}
	return []Definition{
		{Field: field.List("ldap_url", "max=10,dive,max=300,plain_line", func(s *Settings) *[]string { return &s.LDAP.URLs }, field.Meta{
			Section: SettingsDirectory, Label: "LDAP servers", Placeholder: "URL", Example: "ldaps://dc1.example.com",
			Help: "Such as ldaps://dc1.example.com. The other servers are tried if the first one is unavailable. Without a server, no users come from a directory.",
		})},
		ldap("ldap_kind", "omitempty,oneof="+strings.Join(kinds, " "), "Kind of directory", "KIND", string(ldapdir.OpenLDAP), "It sets the defaults of filters and attributes.", func(s *LDAPSettings) *string { return (*string)(&s.Kind) }),
		boolean("ldap_start_tls", SettingsDirectory, "StartTLS", "Encrypts ldap:// connections.", func(s *Settings) *bool { return &s.LDAP.StartTLS }),
		ldap("ldap_bind_dn", "max=1000,plain_line", "Bind DN", "DN", "", "The account that reads the directory. Empty means anonymous.", func(s *LDAPSettings) *string { return &s.BindDN }),
		secret(nameLDAPPassword, SettingsDirectory, "Bind password", "ldap_password_file", "Password for this bind DN.",
			func(s *Settings) *store.Secret { return &s.LDAP.BindPassword }, "ldap_url", "ldap_start_tls", "ldap_bind_dn", "ldap_ca"),
		flagOnly(ldap("ldap_password_file", "", "Password file", "FILE", "", "With the bind password. Only its owner should be able to read it.", func(s *LDAPSettings) *string { return &s.PasswordFile })),
		certificates("ldap_ca", SettingsDirectory, "ldap_ca_file", func(s *Settings) *string { return &s.LDAP.CA }),
		flagOnly(ldap("ldap_ca_file", "", "CA certificates file", "FILE", "", "In PEM. Defaults to the certificates of the host.", func(s *LDAPSettings) *string { return &s.CAFile })),
		ldap("ldap_name", "omitempty,max=64,plain_line", "Name of the directory", "NAME", DefaultLDAPName,
			"In the records of its users. It must not change once there are users.", func(s *LDAPSettings) *string { return &s.Name }),
	}
}

func directoryUserDefinitions() []Definition {
	attributes := Definition{Field: field.Func(nameAttributes, "max=50,dive,max=200,attribute_pair", field.KindList, getAttributes, setAttributes, field.Meta{
		Section: SettingsDirectory, Label: "Attributes", Placeholder: "FIELD=ATTRIBUTE", Example: "default_extension=ipPhone",
		Help: "Changes the attributes of the kind. Without an attribute, the directory does not manage the field.",
	})}
	return []Definition{
		ldap("ldap_base_dn", "max=1000,plain_line", "Base DN of users", "DN", "", "Such as ou=people,dc=example,dc=com.", func(s *LDAPSettings) *string { return &s.BaseDN }),
		ldap("ldap_filter", "max=1000,plain_line", "User filter", "FILTER", "", "Selects users. The default depends on the kind.", func(s *LDAPSettings) *string { return &s.Filter }),
		ldap("ldap_external_id", "max=100,plain_line", "External ID", "ATTRIBUTE", "", "The attribute that identifies an entry and never changes. The default depends on the kind.", func(s *LDAPSettings) *string { return &s.ExternalID }),
		attributes,
		ldap("ldap_group_base_dn", "max=1000,plain_line", "Base DN of groups", "DN", "", "Empty reads no groups.", func(s *LDAPSettings) *string { return &s.GroupBaseDN }),
		ldap("ldap_group_filter", "max=1000,plain_line", "Group filter", "FILTER", "", "Selects groups. The default depends on the kind.", func(s *LDAPSettings) *string { return &s.GroupFilter }),
		boolean("ldap_nested_groups", SettingsDirectory, "Nested groups", "Members of a group are also members of the groups that contain it.", func(s *Settings) *bool { return &s.LDAP.NestedGroups }),
	}
}

func syncDefinitions() []Definition {
	policies := make([]string, 0, 3)
	for _, policy := range userman.AdoptPolicies() {
		policies = append(policies, string(policy))
	}
	return []Definition{
		{Field: field.Func("ldap_sync", "omitempty,oneof="+strings.Join(SyncIntervals(), " "), field.KindText,
			func(s *Settings) field.Value { return field.TextValue(formatInterval(s.LDAP.SyncInterval)) },
			func(s *Settings, v field.Value) { s.LDAP.SyncInterval = parseInterval(v.Text()) },
			field.Meta{
				Section: SettingsDirectory, Label: "Scheduled syncs", Placeholder: "INTERVAL", Default: field.TextValue(SyncOff),
				Help: "How often the server synchronizes the directory.",
			})},
		{Field: field.Func("ldap_max_removals", "omitempty,ratio", field.KindText,
			func(s *Settings) field.Value { return field.TextValue(formatRatio(s.LDAP.Sync.MaxRemovalRatio)) },
			func(s *Settings, v field.Value) { s.LDAP.Sync.MaxRemovalRatio, _ = strconv.ParseFloat(v.Text(), 64) }, // the rule is checked
			field.Meta{
				Section: SettingsDirectory, Label: "Maximum removals", Placeholder: "RATIO", Default: field.TextValue("0.1"),
				Help: "The largest share of the directory's users that one sync disables or deletes, and of the memberships that it removes.",
			})},
		ldap("ldap_adopt", "omitempty,oneof="+strings.Join(policies, " "), "Usernames of former users", "POLICY", string(userman.AdoptNever),
			"For a new entry with the username of a user who has left: never reports it, successor links the user to the entry without the credentials of the predecessor, and same-user links it with second factor and API tokens.",
			func(s *LDAPSettings) *string { return (*string)(&s.Sync.Adopt) }),
		number("ldap_delete_after", "min=0,max=36500", SettingsDirectory, "Delete missing users after", "DAYS", 30,
			"The first sync disables a missing user, and a sync after this number of days deletes the user. 0 means never.",
			func(s *Settings) int { return max(0, int(s.LDAP.Sync.DeleteAfter/day)) },
			func(s *Settings, n int) { s.LDAP.Sync.DeleteAfter = cmp.Or(time.Duration(n)*day, -1) }),
	}
}

func getAttributes(s *Settings) field.Value {
	pairs := make([]string, 0, len(s.LDAP.AttributeMap))
	for _, name := range slices.Sorted(maps.Keys(s.LDAP.AttributeMap)) {
		pairs = append(pairs, name+"="+s.LDAP.AttributeMap[name])
	}
	return field.ListValue(pairs)
}

func setAttributes(s *Settings, v field.Value) {
	s.LDAP.AttributeMap = nil
	for _, pair := range v.List() {
		name, attribute, _ := strings.Cut(pair, "=")
		if s.LDAP.AttributeMap == nil {
			s.LDAP.AttributeMap = map[string]string{}
		}
		s.LDAP.AttributeMap[strings.TrimSpace(name)] = strings.TrimSpace(attribute)
	}
}

// newRules returns the validator of the rules of definitions.
func newRules() *validate.Validator {
	return validate.New(
		validate.Rule{Tag: "base_url", Message: "enter http:// or https://, a host name and an optional port", Valid: func(text string) bool {
			_, err := ParseBaseURL(text)
			return err == nil
		}},
		validate.Rule{Tag: "attribute_pair", Message: "write a field, = and an attribute, such as default_extension=ipPhone", Valid: func(text string) bool { return strings.Contains(text, "=") }},
		validate.Rule{Tag: "ratio", Message: ratioMessage, Valid: func(text string) bool {
			number, err := strconv.ParseFloat(text, 64)
			return err == nil && isRatio(number)
		}},
	)
}

// secretDefinitions returns the secrets.
func secretDefinitions() []Definition {
	return slices.DeleteFunc(definitions(), func(d Definition) bool { return !d.Secret })
}

// savedDefinitions returns the settings that the database can have.
func savedDefinitions(all []Definition) []settings.Definition {
	var saved []settings.Definition
	for _, d := range all {
		if !d.FlagOnly {
			saved = append(saved, settings.Definition{Meta: d.Meta, Secret: d.Secret, SentTo: d.SentTo})
		}
	}
	return saved
}
