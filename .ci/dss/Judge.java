import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.simplereport.SimpleReport;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import eu.europa.esig.dss.validation.reports.Reports;
import java.io.File;
import java.util.ArrayList;
import java.util.List;

/**
 * Judges PDFs with EU DSS, offline: nothing is fetched, so that what a level
 * promises must be in the file. Usage: Judge TRUST.pem FILE... Each signature
 * gives one line: file, signature, indication, sub-indication, format, reasons.
 */
public class Judge {
    public static void main(String[] args) throws Exception {
        CommonTrustedCertificateSource trust = new CommonTrustedCertificateSource();
        for (String part : new String(java.nio.file.Files.readAllBytes(new File(args[0]).toPath())).split("(?=-----BEGIN)")) {
            if (part.startsWith("-----BEGIN")) {
                CertificateToken root = DSSUtils.loadCertificate(part.getBytes());
                trust.addCertificate(root);
            }
        }
        for (int i = 1; i < args.length; i++) {
            CommonCertificateVerifier verifier = new CommonCertificateVerifier();
            verifier.setTrustedCertSources(trust);
            verifier.setAIASource(null);
            SignedDocumentValidator v = SignedDocumentValidator.fromDocument(new FileDocument(args[i]));
            v.setCertificateVerifier(verifier);
            Reports reports = v.validateDocument();
            SimpleReport r = reports.getSimpleReport();
            for (String id : r.getSignatureIdList()) {
                List<String> why = new ArrayList<>();
                r.getAdESValidationErrors(id).forEach(m -> why.add(m.getValue()));
                r.getAdESValidationWarnings(id).forEach(m -> why.add("w:" + m.getValue()));
                System.out.println(new File(args[i]).getName() + "\t" + r.getIndication(id) + "\t" + r.getSubIndication(id) + "\t"
                    + r.getSignatureFormat(id) + "\t" + why);
            }
        }
    }
}
