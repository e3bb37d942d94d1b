package store

// Codes of a [FieldError]. A code is stable: programs may compare it. The comment
// is the reason for the error.
const (
	// The value as a whole.
	CodeRequired      = "required"       // the value is empty
	CodeType          = "type"           // the value has another type than the field
	CodeValue         = "value"          // the value has an unknown form
	CodeUnknownField  = "unknown_field"  // the record has no such field
	CodeUnknown       = "unknown"        // the value names something that does not exist
	CodeAlreadyExists = "already_exists" // another record has the value
	CodeImmutable     = "immutable"      // the field cannot be changed
	CodeUnchanged     = "unchanged"      // the value must differ from the current one
	CodeUnexpected    = "unexpected"     // another field requires the value to be empty
	CodeConflict      = "conflict"       // the value contradicts another field
	CodeFull          = "full"           // a full administrator cannot have the restriction
	CodeReused        = "reused"         // the key belongs to another request
	CodeWrong         = "wrong"          // the password or the code is wrong
	CodeReenter       = "reenter"        // the secret must be entered again
	CodeFixed         = "fixed"          // a flag, the environment or a file sets the value

	// Bounds and choices.
	CodeMin    = "min"    // the value is too short or too small, or the list has too few entries
	CodeMax    = "max"    // the value is too long or too large, or the list has too many entries
	CodeRange  = "range"  // the value is outside its range
	CodeOneOf  = "oneof"  // the value is not one of the choices
	CodeChoice = "choice" // the combination of choices is not possible
	CodeSize   = "size"   // the picture has too many pixels
	CodePast   = "past"   // the time is in the past

	// Text.
	CodePlainLine        = "plain_line"        // the text is not one line without control characters
	CodePlainText        = "plain_text"        // the text contains control characters
	CodeCharacters       = "characters"        // the text contains characters that cannot be used
	CodeControlCharacter = "control_character" // the text contains a control character
	CodeInvalidUTF8      = "invalid_utf8"      // the text is not UTF-8
	CodeOuterSpace       = "outer_space"       // the text begins or ends with a space
	CodeLetter           = "letter"            // the name has no letter or digit
	CodeBracket          = "bracket"           // the text contains "]"
	CodeColon            = "colon"             // the text contains ":"
	CodeEquals           = "equals"            // the text contains "="
	CodeExclamation      = "exclamation"       // the text begins with "!"
	CodeReserved         = "reserved"          // the program sets the header itself
	CodeRepeated         = "repeated"          // the name is used twice
	CodeWord             = "word"              // the text is not one word
	CodeSyntax           = "syntax"            // the text does not have the required form
	CodeRegex            = "regex"             // the text is not a regular expression

	// Values with a format of their own.
	CodeUsername    = "username"    // not a username
	CodeEmail       = "email"       // not an email address
	CodePhone       = "phone"       // not a phone number
	CodeLanguage    = "language"    // not a language tag
	CodeTimeZone    = "time_zone"   // not an IANA time zone
	CodeExtension   = "extension"   // not an extension
	CodeNumber      = "number"      // not a phone number in a list
	CodeName        = "name"        // not a name
	CodeTeam        = "team"        // not the name of a team
	CodeKind        = "kind"        // a list where the permission is a switch, or a switch where it is a list
	CodeAMIName     = "ami_name"    // not the name of an AMI account
	CodeACLName     = "acl_name"    // not the name of an ACL
	CodeCallerName  = "caller_name" // not a name that phones can show
	CodeTransport   = "transport"   // not the name of a transport
	CodePrivilege   = "privilege"   // not an AMI privilege class
	CodeNetwork     = "network"     // not an address or a network
	CodeAddress     = "address"     // not an address
	CodeURL         = "url"         // not a URL
	CodeDate        = "date"        // not a date
	CodeDateTime    = "date_time"   // not a date with a time
	CodeDN          = "dn"          // not an LDAP distinguished name
	CodeFilter      = "filter"      // not an LDAP filter
	CodeAttribute   = "attribute"   // not the name of an LDAP attribute
	CodeCertificate = "certificate" // not a certificate in PEM form
	CodeDatabase    = "database"    // not the address of a database
	CodeFormat      = "format"      // not a picture in a known format

	// Security and support.
	CodeGuessable   = "guessable"   // the password is easy to guess
	CodeUnprotected = "unprotected" // the password would be sent without encryption
	CodePlain       = "plain"       // the password of the directory would be sent without encryption
	CodeUnreadable  = "unreadable"  // the page key is not of this list
	CodeUnsupported = "unsupported" // Asterisk cannot apply the value
)
