package usermail

// Mail is one mail. Only Text and HTML contain line breaks.
type Mail struct {
	// To is an address without a name. ToName is the name, in any script.
	To      string
	ToName  string
	Subject string
	// Text and HTML have the same content. HTML may be empty.
	Text string
	HTML string
}
