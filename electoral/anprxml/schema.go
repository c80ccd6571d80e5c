package anprxml

// An element is one element of a record's type, as the schema has it.
type element struct {
	tag      string
	optional bool
	// many is an element that may stand any number of times; its occurrences
	// are records of their own.
	many bool
	// typ is the type of a leaf; nil for a group.
	typ *simpleType
	// id is where the element's value stands in a record.
	id int
	// path is the field of the domain record, for the faults.
	path     string
	children []element
	// choice says that at most one of this element and the next stands.
	choice bool
	// distinct says that no two records have the same value: there is nothing
	// to share.
	distinct bool
}

func leaf(tag string, id int, typ *simpleType, path string) element {
	return element{tag: tag, typ: typ, id: id, path: path}
}

func group(tag string, id int, path string, children ...element) element {
	return element{tag: tag, id: id, path: path, children: children}
}

// opt makes an element optional.
func opt(e element) element { e.optional = true; return e }

// alternative makes an element exclude the next one.
func alternative(e element) element { e.choice = true; return e }

func distinct(e element) element { e.distinct = true; return e }

// A comune takes these places from its base on; so do the enrolments.
const (
	comuneGroup = iota
	comuneName
	comuneISTAT
	comuneProvince
	comunePlace
	comuneSize
)

func comuneElement(tag string, base int, path string) element {
	return group(tag, base+comuneGroup, path,
		leaf("nomeComune", base+comuneName, nomeComune, path),
		opt(leaf("codiceIstat", base+comuneISTAT, codiceISTAT, path)),
		leaf("siglaProvinciaIstat", base+comuneProvince, siglaProvincia, path),
		opt(leaf("descrizioneLocalita", base+comunePlace, descrizione120, path)),
	)
}

const (
	enrolmentGroup   = 0
	enrolmentComune  = 1
	enrolmentSection = enrolmentComune + comuneSize
	enrolmentSize    = enrolmentSection + 1
)

// enrolmentElement is tipoLista5010.
func enrolmentElement(tag string, base int, path string) element {
	return group(tag, base+enrolmentGroup, path,
		comuneElement("comune", base+enrolmentComune, path+".comune"),
		leaf("sezioneelettoralenum", base+enrolmentSection, charMax200, path+".section"),
	)
}

// The places of an elector's values.
const (
	eRecord = iota
	eID
	eList
	eCapacity
	eGeneral
	eEU              = eGeneral + enrolmentSize
	eEUComunal       = eEU + 1
	eEUComunalList   = eEUComunal + 1
	eEUParliament    = eEUComunalList + enrolmentSize
	eEUParlList      = eEUParliament + 1
	eAdded           = eEUParlList + enrolmentSize
	eBolzano         = eAdded + 1
	eTrento          = eBolzano + 1
	eAostaValley     = eTrento + 1
	eAddedList       = eAostaValley + 1
	eReferendums     = eAddedList + enrolmentSize
	eEuropean        = eReferendums + 1
	eSenate          = eEuropean + 1
	eSenateConst     = eSenate + 1
	eChamber         = eSenateConst + 1
	eChamberConst    = eChamber + 1
	eRegional        = eChamberConst + 1
	eComunal         = eRegional + 1
	eDistrict        = eComunal + 1
	eCertifiability  = eDistrict + 1
	eCertifiableCode = eCertifiability + 1
	electorSize      = eCertifiableCode + 1
)

// listElements are the children of tipoListaElettorale5010.
func listElements() []element {
	return []element{
		leaf("elettore", eCapacity, tipoSN1, "capacity"),
		opt(enrolmentElement("listaGenerale", eGeneral, "general")),
		opt(group("listaAggiuntaUE", eEU, "eu",
			opt(leaf("ueelettorecomunali", eEUComunal, tipoSN1, "eu.comunal.enrolled")),
			opt(enrolmentElement("listaAggiuntaUEComunali", eEUComunalList, "eu.comunal.enrolment")),
			opt(leaf("ueelettoreparlamento", eEUParliament, tipoSN1, "eu.parliament.enrolled")),
			opt(enrolmentElement("listaAggiuntaUEParlamento", eEUParlList, "eu.parliament.enrolment")),
		)),
		opt(group("listaAggiuntaComReg", eAdded, "added",
			opt(leaf("comregelettorebolzano", eBolzano, tipoSN1, "added.bolzano.enrolled")),
			opt(leaf("comregelettoretrento", eTrento, tipoSN1, "added.trento.enrolled")),
			opt(leaf("comregelettorevalledaosta", eAostaValley, tipoSN1, "added.aostaValley.enrolled")),
			opt(enrolmentElement("listaBolTreVal", eAddedList, "added.enrolment")),
		)),
		leaf("referendumnazionali", eReferendums, tipoSN1, "status.nationalReferendums"),
		leaf("elezionimembriue", eEuropean, tipoSN1, "status.europeanParliament"),
		leaf("senatorepubblica", eSenate, tipoSN1, "status.senate"),
		opt(leaf("circoscrsenatorepubblica", eSenateConst, charMax200, "status.senateConstituency")),
		leaf("cameradeputati", eChamber, tipoSN1, "status.chamber"),
		opt(leaf("circoscrcameradeputati", eChamberConst, charMax200, "status.chamberConstituency")),
		leaf("regionali", eRegional, tipoSN1, "status.regional"),
		leaf("comunali", eComunal, tipoSN1, "status.comunal"),
		leaf("circoscrizionali", eDistrict, tipoSN1, "status.district"),
	}
}

// electorElement is tipoListaCert of vocabolarioSubentro.xsd.
func electorElement() element {
	return group("listaSoggetto", eRecord, "",
		distinct(leaf("idSchedaSoggettoANPR", eID, tipoIDSoggetto, "anprId")),
		group("lista", eList, "", listElements()...),
		opt(group("certificabilita", eCertifiability, "certifiability",
			opt(leaf("soggettoCertificabile", eCertifiableCode, numerico1, "certifiability")),
		)),
	)
}

// The places of a section's values.
const (
	sRecord         = iota
	sComune         = sRecord + 1
	sNumber         = sComune + comuneSize
	sSeatName       = sNumber + 1
	sSeat           = sSeatName + 1
	sPostCode       = sSeat + 1
	sSeatComune     = sPostCode + 1
	sHamlet         = sSeatComune + comuneSize
	sStreet         = sHamlet + 1
	sKindCode       = sStreet + 1
	sKind           = sKindCode + 1
	sKindSource     = sKind + 1
	sNameCode       = sKindSource + 1
	sName           = sNameCode + 1
	sNameSource     = sName + 1
	sHouse          = sNameSource + 1
	sHouseCode      = sHouse + 1
	sHouseSource    = sHouseCode + 1
	sHouseNumber    = sHouseSource + 1
	sHouseMetric    = sHouseNumber + 1
	sUnnumbered     = sHouseMetric + 1
	sLetter         = sUnnumbered + 1
	sSuffix         = sLetter + 1
	sColour         = sSuffix + 1
	sInner          = sColour + 1
	sInnerFirst     = sInner + 1
	sEuropean       = sInnerFirst + 11
	sChamberCollege = sEuropean + 1
	sRegional       = sChamberCollege + 1
	sDistrict       = sRegional + 1
	sSenateCollege  = sDistrict + 1
	sTranslation    = sSenateCollege + 1
	sectionSize     = sTranslation + 1
)

// The places of a translation's values.
const (
	tRecord = iota
	tSeatName
	tAddress
	tLanguage
	tNote
	tPlace
	tHamlet
	tKind
	tName
	tCareOf
	translationSize
)

// sectionElement is tipoListaSezioni5011.
func sectionElement() element {
	const seat, street, house, inner = "seat", "seat.street", "seat.house", "seat.house.inner"
	return group("sezione", sRecord, "",
		opt(comuneElement("comune", sComune, "comune")),
		opt(leaf("sezioneelettoralenum", sNumber, charMax200, "number")),
		leaf("sezioneelettoraledenom", sSeatName, charMax200, "seatName"),
		group("sezioneelettoraleind", sSeat, seat,
			leaf("cap", sPostCode, cap, "seat.postCode"),
			comuneElement("comune", sSeatComune, "seat.comune"),
			opt(leaf("frazione", sHamlet, frazione, "seat.hamlet")),
			group("toponimo", sStreet, street,
				opt(leaf("codSpecie", sKindCode, codSpecie, street+".kindCode")),
				opt(leaf("specie", sKind, specie, street+".kind")),
				opt(leaf("specieFonte", sKindSource, fonte, street+".kindSource")),
				opt(leaf("codToponimo", sNameCode, codToponimo, street+".nameCode")),
				opt(leaf("denominazioneToponimo", sName, toponimo, street+".name")),
				opt(leaf("toponimoFonte", sNameSource, fonte, street+".nameSource")),
			),
			opt(group("numeroCivico", sHouse, house,
				opt(leaf("codiceCivico", sHouseCode, codiceCivico, house+".code")),
				opt(leaf("civicoFonte", sHouseSource, fonte, house+".source")),
				alternative(opt(leaf("numero", sHouseNumber, numeroCiv, house+".number"))),
				opt(leaf("metrico", sHouseMetric, numericoMax6, house+".metric")),
				opt(leaf("progSNC", sUnnumbered, numericoMax5, house+".unnumbered")),
				opt(leaf("lettera", sLetter, parteIndirizzo10, house+".letter")),
				opt(leaf("esponente1", sSuffix, esponente1, house+".suffix")),
				opt(leaf("colore", sColour, colore, house+".colour")),
				opt(group("civicoInterno", sInner, inner,
					opt(leaf("corte", sInnerFirst, parteIndirizzo4, inner+".court")),
					opt(leaf("scala", sInnerFirst+1, parteIndirizzo4, inner+".staircase")),
					opt(leaf("interno1", sInnerFirst+2, parteIndirizzo4, inner+".unit")),
					opt(leaf("espInterno1", sInnerFirst+3, alnumSpace20, inner+".unitSuffix")),
					opt(leaf("interno2", sInnerFirst+4, parteIndirizzo4, inner+".subUnit")),
					opt(leaf("espInterno2", sInnerFirst+5, alnumSpace20, inner+".subUnitSuffix")),
					opt(leaf("scalaEsterna", sInnerFirst+6, alnumSpace10, inner+".outerStaircase")),
					opt(leaf("secondario", sInnerFirst+7, alnumSpace1, inner+".secondary")),
					opt(leaf("piano", sInnerFirst+8, piano, inner+".floor")),
					opt(leaf("nui", sInnerFirst+9, alnumSpace3, inner+".unitId")),
					opt(leaf("isolato", sInnerFirst+10, alnumSpace20, inner+".block")),
				)),
			)),
		),
		opt(leaf("circoscrelezionimembriue", sEuropean, charMax200, "europeanConstituency")),
		leaf("collegiocameradeputati", sChamberCollege, charMax200, "chamberCollege"),
		leaf("circoscrregionali", sRegional, charMax200, "regionalConstituency"),
		opt(leaf("circosrizioneelezcircosc", sDistrict, charMax200, "districtConstituency")),
		leaf("collegiosenatorepubblica", sSenateCollege, charMax200, "senateCollege"),
		element{tag: "altraLinguaSezione", optional: true, many: true, id: sTranslation, path: "translations",
			children: translationElements()},
	)
}

// translationElements are the children of tipoAltraLinguaSezione.
func translationElements() []element {
	return []element{
		leaf("sezioneelettoraledenomtrad", tSeatName, charMax200, "seatName"),
		group("altraLinguaIndirizzo", tAddress, "languageId",
			leaf("idLingua", tLanguage, idLingua, "languageId"),
			opt(leaf("noteIndirizzo", tNote, noteEstero, "note")),
			opt(leaf("descrizioneLocalita", tPlace, descrizioneSlash, "place")),
			opt(leaf("frazione", tHamlet, frazione, "hamlet")),
			opt(leaf("specie", tKind, specie, "streetKind")),
			opt(leaf("denominazioneToponimo", tName, toponimo, "streetName")),
			opt(leaf("presso", tCareOf, presso, "careOf")),
		),
	}
}
