import eu.europa.esig.dss.enumerations.CertificationPermission;
import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.model.DSSDocument;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.model.ToBeSigned;
import eu.europa.esig.dss.model.x509.CertificateToken;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import java.io.File;
import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

/**
 * Signs PDFs with EU DSS, for tests. Usage: Sign KEY.p12 FOLDER BASE.pdf...
 * Each base gives one signed once, one signed twice and one certified. The
 * password of the throw-away key is "prova".
 */
public class Sign {
    static PrivateKey key;
    static List<CertificateToken> chain = new ArrayList<>();

    public static void main(String[] args) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(new FileInputStream(args[0]), "prova".toCharArray());
        String alias = store.aliases().nextElement();
        key = (PrivateKey) store.getKey(alias, "prova".toCharArray());
        for (Certificate c : store.getCertificateChain(alias)) {
            chain.add(new CertificateToken((X509Certificate) c));
        }
        for (int i = 2; i < args.length; i++) {
            String name = new File(args[i]).getName().replace(".pdf", "");
            DSSDocument once = sign(new FileDocument(args[i]), null);
            once.save(args[1] + "/" + name + "--dss-B-B.pdf");
            sign(once, null).save(args[1] + "/" + name + "--dss-twice.pdf");
            sign(new FileDocument(args[i]), CertificationPermission.MINIMAL_CHANGES_PERMITTED).save(args[1] + "/" + name + "--dss-certified.pdf");
        }
    }

    static DSSDocument sign(DSSDocument doc, CertificationPermission permission) throws Exception {
        PAdESSignatureParameters p = new PAdESSignatureParameters();
        p.setSignatureLevel(SignatureLevel.PAdES_BASELINE_B);
        p.setDigestAlgorithm(DigestAlgorithm.SHA256);
        p.setSigningCertificate(chain.get(0));
        p.setCertificateChain(chain);
        p.setPermission(permission);
        PAdESService service = new PAdESService(new CommonCertificateVerifier());
        ToBeSigned data = service.getDataToSign(doc, p);
        Signature s = Signature.getInstance("SHA256withRSA");
        s.initSign(key);
        s.update(data.getBytes());
        SignatureValue value = new SignatureValue(SignatureAlgorithm.getAlgorithm(EncryptionAlgorithm.RSA, DigestAlgorithm.SHA256), s.sign());
        return service.signDocument(doc, p, value);
    }
}
