package certificate

// CollectiveTexts are the words of a collective certificate. Like the other
// texts they are ours, no official model being public, and may be replaced.
type CollectiveTexts struct {
	Title string
	// One, Same and Several end the sentence that the preamble of [Texts] opens:
	// for one person, for several of one comune, for those of several comuni.
	// {count}, {lists}, {comune}.
	One, Same, Several string
	// In says in which lists: {list}, as in [Texts], for an added list.
	In map[StatementCode]string
	// Heading stands over the table of a comune: {comune}.
	Heading string
	// Purposes say what the certificate is for, with the law.
	Purposes map[Collection]string
	// Purpose and Persons are labels, the others the heads of the columns.
	Purpose, Persons, Number, Name, Birth, Section string
	// Page numbers the pages: {page} and {pages}.
	Page string
}

func (c *CollectiveTexts) entries() []entry {
	out := []entry{
		{"Collective.Title", c.Title, "", ""},
		{"Collective.One", c.One, "{lists} {comune}", "{lists} {comune}"},
		{"Collective.Same", c.Same, "{count} {lists} {comune}", "{count} {lists} {comune}"},
		{"Collective.Several", c.Several, "{count} {lists}", "{count} {lists}"},
		{"Collective.Heading", c.Heading, "{comune}", "{comune}"}, {"Collective.Purpose", c.Purpose, "", ""}, {"Collective.Persons", c.Persons, "", ""},
		{"Collective.Number", c.Number, "", ""}, {"Collective.Name", c.Name, "", ""}, {"Collective.Birth", c.Birth, "", ""},
		{"Collective.Section", c.Section, "", ""}, {"Collective.Page", c.Page, "{page} {pages}", "{page} {pages}"},
	}
	for _, code := range StatementCodes() {
		switch code {
		case PoliticalRights:
		case EnrolledAdded:
			out = append(out, entry{"Collective.In[" + string(code) + "]", c.In[code], "{list}", "{list}"})
		default:
			out = append(out, entry{"Collective.In[" + string(code) + "]", c.In[code], "", ""})
		}
	}
	for _, p := range []Collection{ListCollection, ReferendumCollection} {
		out = append(out, entry{"Collective.Purposes[" + string(p) + "]", c.Purposes[p], "", ""})
	}
	return out
}
