package usermail

// Mail is one mail. Only Text and HTML contain line breaks.
type Mail struct {
	// To is an address without a name. ToName is the name, in any script.
	To      string `json:"to"`
	ToName  string `json:"to_name"`
	Subject string `json:"subject"`
	// Text and HTML have the same content. HTML may be empty.
	Text string `json:"text"`
	HTML string `json:"html"`
}
