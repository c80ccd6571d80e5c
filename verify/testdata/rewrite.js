// Writes a PDF anew with pdf-lib, with and without object streams.
// Usage: node rewrite.js PDF-LIB.js IN.pdf FOLDER
const fs = require('fs');
const [lib, input, folder] = process.argv.slice(2);
const {PDFDocument} = require(lib);
(async () => {
  const doc = await PDFDocument.load(fs.readFileSync(input));
  fs.writeFileSync(folder + '/pdflib-streams.pdf', await doc.save());
  fs.writeFileSync(folder + '/pdflib-table.pdf', await doc.save({useObjectStreams: false}));
})();
