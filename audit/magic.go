package audit

// Magic is how every file of a chain begins: what a program looks at to tell a
// log from other files.
const Magic = magic
